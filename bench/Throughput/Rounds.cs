using Saga.Bench.Figures;

namespace Saga.Bench.Throughput;

/// <summary>Alternates between candidates, so that a disturbance of the machine affects all of them.</summary>
internal static class Rounds
{
    public static async Task<IReadOnlyList<CandidateResult>> RunAsync(IReadOnlyList<ICandidate> candidates, int rounds, int count, int atOnce, string postgresFolder)
    {
        var results = candidates.Select(c => new CandidateResult(new(c.Name), new("p50"), new("p99"), new("load"), new("program"), new("postgresql"), new("broker"))).ToList();
        foreach (var candidate in candidates)
            await WarmUp.RunAsync(() => LoadGenerator.RunAsync(candidate, count, atOnce, postgresFolder));
        for (var round = 0; round < rounds; round++)
        {
            for (var turn = 0; turn < candidates.Count; turn++)
            {
                // Each candidate goes first as often as last.
                var at = (turn + round) % candidates.Count;
                var result = await LoadGenerator.RunAsync(candidates[at], count, atOnce, postgresFolder);
                results[at].PerSecond.Values.Add(result.PerSecond);
                results[at].P50.Values.Add(result.P50);
                results[at].P99.Values.Add(result.P99);
                results[at].Load.Values.Add(Machine.Load());
                results[at].Program.Values.Add(result.Used.Program * 1000 / count);
                results[at].PostgreSql.Values.Add(result.Used.PostgreSql * 1000 / count);
                results[at].Broker.Values.Add(result.Used.Broker * 1000 / count);
                await Console.Error.WriteLineAsync($"round {round + 1}: {candidates[at].Name}: {result.PerSecond:0} sagas/s, p50 {result.P50:0} ms, p99 {result.P99:0} ms; processor ms a saga: program {results[at].Program.Values[^1]:0.00}, PostgreSQL {results[at].PostgreSql.Values[^1]:0.00}, broker {results[at].Broker.Values[^1]:0.00}");
            }
        }

        return results;
    }
}

internal sealed record CandidateResult(Series PerSecond, Series P50, Series P99, Series Load, Series Program, Series PostgreSql, Series Broker);
