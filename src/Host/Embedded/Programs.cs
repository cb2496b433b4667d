using Saga.Host.Startup;

namespace Saga.Host.Embedded;

/// <summary>Finds the programs of servers that this process starts.</summary>
public static class Programs
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The folders in PATH, and those that only administrators have in theirs.</summary>
    public static IReadOnlyList<string> Path =>
        [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/sbin", "/usr/bin"];

    /// <summary>The program in the first folder with an executable of that name; null when there is none.</summary>
    public static string? Find(string program, IEnumerable<string> folders) =>
        folders.Select(f => System.IO.Path.Combine(f, program)).FirstOrDefault(CanRun);

    /// <param name="program">Its name.</param>
    /// <param name="package">The Debian and Ubuntu package that contains it.</param>
    /// <param name="before">Folders to search before those in PATH.</param>
    /// <exception cref="StartException">It was not found; the message says how to install it.</exception>
    public static string Require(string program, string package, params IEnumerable<string> before) =>
        Find(program, before.Concat(Path)) ?? throw new StartException($"The program {program} was not found. Install it (Debian, Ubuntu: apt-get install {package}).");

    // A symbolic link may be dangling.
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
