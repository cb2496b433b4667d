using System.Diagnostics;

namespace Saga.Host.Processes;

/// <summary>
/// Keeps the settings of other programs on this machine away from private servers and from their clients in this process. Such
/// settings are <c>RABBITMQ_*</c>, <c>PG*</c>, <c>AWS_*</c> and proxies in the environment, and files in the user's home.
/// </summary>
public static class MachineSettings
{
    private static readonly string[] Kept = ["PATH", "TMPDIR", "TZ", "LD_LIBRARY_PATH"];
    private static readonly string[] OfClients = ["PG", "AWS_"];
    private static readonly string[] Loopback = ["127.0.0.1", "localhost", "[::1]"];

    /// <summary>Leaves only what every program needs in the process's environment.</summary>
    /// <param name="start">The process. Add its own variables afterwards.</param>
    /// <param name="home">Its home folder.</param>
    public static void KeepFrom(ProcessStartInfo start, string home)
    {
        foreach (var name in start.Environment.Keys.Except(Kept, StringComparer.Ordinal).ToList())
            start.Environment.Remove(name);
        start.Environment["HOME"] = home;
        start.Environment["LC_ALL"] = "C.UTF-8";
    }

    /// <summary>
    /// Makes clients in this process read nothing of the machine's. Call it before the first connection to a private server: the
    /// clients of PostgreSQL and S3 take missing settings from the environment.
    /// </summary>
    public static void KeepFromClients()
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys)
        {
            if (OfClients.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
                Environment.SetEnvironmentVariable(name, null);
        }

        // The SDK would otherwise read ~/.aws.
        Environment.SetEnvironmentVariable("AWS_CONFIG_FILE", "/dev/null");
        Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        var direct = (Environment.GetEnvironmentVariable("NO_PROXY") ?? Environment.GetEnvironmentVariable("no_proxy") ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var without = string.Join(',', direct.Union(Loopback, StringComparer.Ordinal));
        Environment.SetEnvironmentVariable("NO_PROXY", without);
        Environment.SetEnvironmentVariable("no_proxy", without);
    }
}
