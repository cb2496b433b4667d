using Saga.Host.Startup;

namespace Saga.Host.Embedded;

/// <summary>Finds the programs of servers that this process starts.</summary>
public static class Programs
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The folders of the path, and those that only administrators have on theirs.</summary>
    public static IReadOnlyList<string> Path =>
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/usr/bin"];

    /// <summary>The program in the first of the folders that has one that can be run; null when none has.</summary>
    public static string? Find(string program, IEnumerable<string> folders) =>
        folders.Select(f => System.IO.Path.Combine(f, program)).FirstOrDefault(CanRun);

    /// <param name="program">Its name.</param>
    /// <param name="package">The package of Debian and Ubuntu that brings it.</param>
    /// <param name="before">Folders to look in before the path's.</param>
    /// <exception cref="StartException">It is not there; the message says how to install it.</exception>
    public static string Require(string program, string package, params IEnumerable<string> before) =>
        Find(program, before.Concat(Path)) ?? throw new StartException($"The program {program} was not found. Install it (Debian, Ubuntu: apt-get install {package}).");

    // A link may lead to what was removed since.
    private static bool CanRun(string path)
    {
        try
        {
            var file = (FileInfo?)File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path);
            return file.Exists && (file.UnixFileMode & Executable) != UnixFileMode.None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
