using System.Globalization;

namespace Saga.Bench.Figures;

/// <summary>
/// Processor seconds used so far by this process, by PostgreSQL and by other child processes (the broker). Unlike elapsed time, they hardly
/// depend on other load on the machine. Linux only; elsewhere all are 0.
/// </summary>
internal sealed record CpuTime(double Program, double PostgreSql, double Broker)
{
    // Linux counts in hundredths of a second on every platform that .NET runs on.
    private const double Ticks = 100;

    /// <param name="postgresFolder">The working directory of the server's processes.</param>
    public static CpuTime Read(string postgresFolder)
    {
        if (!OperatingSystem.IsLinux())
            return new CpuTime(0, 0, 0);
        var all = Directory.EnumerateDirectories("/proc").Select(See).OfType<Seen>().ToDictionary(p => p.Id);
        return new CpuTime(
            all[Environment.ProcessId].Seconds,
            all.Values.Where(p => p.Name == "postgres" && Folder(p).StartsWith(postgresFolder, StringComparison.Ordinal)).Sum(p => p.Seconds + p.SecondsOfEndedChildren),
            all.Values.Where(p => p.Name != "postgres" && IsBelow(p, Environment.ProcessId)).Sum(p => p.Seconds + p.SecondsOfEndedChildren));

        bool IsBelow(Seen process, int ancestor) =>
            process.Parent == ancestor || (all.TryGetValue(process.Parent, out var parent) && IsBelow(parent, ancestor));
    }

    public CpuTime Since(CpuTime before) => new(Program - before.Program, PostgreSql - before.PostgreSql, Broker - before.Broker);

    private static string Folder(Seen process) => new FileInfo($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/cwd").LinkTarget ?? "";

    // Null: no process, or one that has ended in the meantime.
    private static Seen? See(string folder)
    {
        if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
            return null;
        try
        {
            // proc(5): the name is in parentheses and may contain blanks; state, parent and so on follow it.
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            var end = stat.LastIndexOf(')');
            var fields = stat[(end + 2)..].Split(' ');
            return new Seen(id, int.Parse(fields[1], CultureInfo.InvariantCulture), stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], Seconds(11) + Seconds(12), Seconds(13) + Seconds(14));

            double Seconds(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture) / Ticks;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed record Seen(int Id, int Parent, string Name, double Seconds, double SecondsOfEndedChildren);
}
