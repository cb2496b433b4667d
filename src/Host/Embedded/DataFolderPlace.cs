using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Saga.Host.Startup;

namespace Saga.Host.Embedded;

/// <summary>
/// Chooses the location of the data folder. PostgreSQL refuses to run as root, so root's cluster runs as the user
/// <c>postgres</c>. That user must be able to reach the folder, which is not the case below /root, for example.
/// </summary>
internal static class DataFolderPlace
{
    /// <param name="configured">The configured folder, or null.</param>
    /// <param name="say">Called with a message when the folder is not the default one.</param>
    /// <exception cref="StartException">The configured folder cannot be reached.</exception>
    public static string Choose(string? configured, Action<string> say)
    {
        var wanted = Path.GetFullPath(configured is { Length: > 0 } ? configured : "data");
        if (Environment.UserName != "root" || Barrier(wanted) is not { } barrier)
            return wanted;
        if (configured is { Length: > 0 })
        {
            throw new StartException(
                $"{DataFolder.Key} is {wanted}, but PostgreSQL runs as the user 'postgres' (it refuses to run as root), who cannot enter {barrier}. "
                + $"Choose a folder that this user can reach, such as /var/lib/saga, or allow it: chmod o+x {barrier}");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted)))[..8];
        var instead = $"/var/lib/saga/{hash}";
        say($"PostgreSQL runs as the user 'postgres', who cannot enter {barrier}. The data folder is therefore {instead} instead of {wanted}.");
        return instead;
    }

    /// <summary>The first existing folder on the path that the user postgres cannot enter; null when there is none.</summary>
    private static string? Barrier(string path)
    {
        var way = new Stack<string>();
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
            way.Push(folder);
        return way.Where(Directory.Exists).FirstOrDefault(folder => !MayEnter(folder));
    }

    private static bool MayEnter(string folder)
    {
        using var test = Process.Start(new ProcessStartInfo(
            "setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "test", "-x", folder])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        }) ?? throw new InvalidOperationException("setpriv did not start.");
        var error = test.StandardError.ReadToEnd();
        test.WaitForExit();
        return error.Length == 0
            ? test.ExitCode == 0
            : throw new StartException($"PostgreSQL cannot run as the user 'postgres': {error.Trim()}. Debian's package postgresql creates that user.");
    }
}
