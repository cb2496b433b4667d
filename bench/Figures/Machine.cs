using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Saga.Bench.Figures;

/// <summary>Describes the machine that produced the figures.</summary>
internal static class Machine
{
    public static string Describe(TimeProvider time, params string[] servers) => string.Create(
        CultureInfo.InvariantCulture,
        $"{time.GetUtcNow():yyyy-MM-dd HH:mm} UTC; {Environment.ProcessorCount} cores ({Processor()}), {MemoryGigabytes():0} GB; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC; {string.Join(", ", servers)}.");

    /// <summary>Runnable processes over the last minute. More than the number of cores means that there was other load.</summary>
    public static double Load() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>The last word in the program's output that looks like a version.</summary>
    public static async Task<string> VersionAsync(string name, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var version = text.Split([' ', '\n', '='], StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(w => char.IsAsciiDigit(w[0]) && w.Contains('.', StringComparison.Ordinal));
        return $"{name} {version ?? "of unknown version"}";
    }

    private static string Processor() => Field("/proc/cpuinfo", "model name");

    private static double MemoryGigabytes() =>
        double.Parse(Field("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / 1024 / 1024;

    private static string Field(string file, string name) =>
        File.ReadLines(file).First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(':', 2)[1].Trim();
}
