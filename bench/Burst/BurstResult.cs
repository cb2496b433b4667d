using System.Globalization;
using Npgsql;

namespace Saga.Bench.Burst;

/// <summary>What came of a burst, by the registry's own clock.</summary>
/// <param name="Run">What was posted.</param>
/// <param name="Ends">Operations by their last state.</param>
/// <param name="Codes">Failures, deferrals included, by code and state of the operation; how often.</param>
/// <param name="Active">Seconds from the first acceptance until each tenant was active, ascending.</param>
/// <param name="Accepted">Seconds until the last command was accepted.</param>
/// <param name="Total">Seconds until the last operation had ended.</param>
/// <param name="Connections">The most that were open on the server at once.</param>
/// <param name="MaxConnections">What the server allows.</param>
/// <param name="PutOff">POSTs that were answered with 503 and made again.</param>
internal sealed record BurstResult(
    BurstRun Run, IReadOnlyDictionary<string, long> Ends, IReadOnlyDictionary<string, long> Codes, IReadOnlyList<double> Active, double Accepted, double Total,
    long Connections, int MaxConnections, int PutOff)
{
    private const string Refused = "refused";

    public double FirstTwentieth => Active[Math.Max(0, (Active.Count / 20) - 1)];

    public double Median => Active[Active.Count / 2];

    /// <summary>Whether all tenants that there is room for are active, the others were refused before they were accepted.</summary>
    public bool IsRight
    {
        get
        {
            return Ends.GetValueOrDefault("completed") == Run.Expected && Active.Count == Run.Expected
                && Ends.GetValueOrDefault(Refused) == Run.Tenants - Run.Expected
                && Ends.Values.Sum() == Run.Tenants;
        }
    }

    /// <summary>A line for who waits for the bench.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"accepted {Accepted:0.0} s, first twentieth {FirstTwentieth:0.0} s, median {Median:0.0} s, total {Total:0.0} s, deciles {string.Join('/', Enumerable.Range(1, 9).Select(d => Active[Active.Count * d / 10].ToString("0.0", CultureInfo.InvariantCulture)))}, {Connections} connections; {Text(Ends)}; {Text(Codes)}");

    public static string Text(IReadOnlyDictionary<string, long> counts) => string.Join(", ", counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Value} {c.Key}")));

    public static async Task<BurstResult> ReadAsync(BurstRun run, NpgsqlConnection registry, long connections, int maxConnections, int putOff, int refused)
    {
        await using var command = new NpgsqlCommand(
            """
            drop table if exists burst; create temporary table burst as
            select o.id, o.state, o.created_at, o.finished_at from operations o join tenants t on t.id = o.tenant_id where t.slug like @prefix || '-%';
            select state, count(*) from burst group by 1 order by 1;
            select o.state || ' ' || coalesce(h.data ->> 'code', h.data -> 'failure' ->> 'code', h.data ->> 'system', h.event), sum(coalesce((h.data ->> 'times')::bigint, 1))::bigint
            from operation_history h join burst o on o.id = h.operation_id
            where h.event in ('stepFailed', 'stepHeld', 'stepTimedOut', 'compensationFailed', 'compensationHeld', 'compensationTimedOut', 'compensationStarted', 'stalled')
            group by 1 order by 1;
            select extract(epoch from h.at - (select min(created_at) from burst))::float8
            from operation_history h join burst o on o.id = h.operation_id where h.event = 'stepSucceeded' and h.step = 'tenant.activate' order by 1;
            select extract(epoch from max(created_at) - min(created_at))::float8, extract(epoch from max(finished_at) - min(created_at))::float8 from burst;
            """, registry) { Parameters = { new NpgsqlParameter("prefix", run.Prefix) } };
        await using var rows = await command.ExecuteReaderAsync();
        var ends = await CountsAsync(rows);
        if (refused > 0)
            ends[Refused] = refused;
        var codes = await CountsAsync(rows);
        var active = new List<double>();
        while (await rows.ReadAsync())
            active.Add(rows.GetDouble(0));
        await rows.NextResultAsync();
        await rows.ReadAsync();
        return new BurstResult(run, ends, codes, active, rows.GetDouble(0), rows.GetDouble(1), connections, maxConnections, putOff);
    }

    private static async Task<Dictionary<string, long>> CountsAsync(NpgsqlDataReader rows)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await rows.ReadAsync())
            counts[rows.GetString(0)] = rows.GetInt64(1);
        await rows.NextResultAsync();
        return counts;
    }
}
