using System.Diagnostics;
using System.Runtime;
using Saga.Bench.Figures;

namespace Saga.Bench.Throughput;

/// <summary>Lets contenders take turns, so that what disturbs the machine disturbs all of them.</summary>
internal static class Rounds
{
    private const int MostWarmUps = 15;

    public static async Task<IReadOnlyList<ContenderResult>> RunAsync(IReadOnlyList<IContender> contenders, int rounds, int count, int atOnce, string postgresFolder)
    {
        var results = contenders.Select(c => new ContenderResult(new(c.Name), new("p50"), new("p99"), new("load"), new("program"), new("postgresql"), new("broker"))).ToList();
        await WarmUpAsync(contenders, count, atOnce, postgresFolder);
        for (var round = 0; round < rounds; round++)
        {
            for (var turn = 0; turn < contenders.Count; turn++)
            {
                // Each begins a round as often as it ends one.
                var at = (turn + round) % contenders.Count;
                var result = await Pace.RunAsync(contenders[at], count, atOnce, postgresFolder);
                results[at].PerSecond.Values.Add(result.PerSecond);
                results[at].P50.Values.Add(result.P50);
                results[at].P99.Values.Add(result.P99);
                results[at].Load.Values.Add(Machine.Load());
                results[at].Program.Values.Add(result.Used.Program * 1000 / count);
                results[at].PostgreSql.Values.Add(result.Used.PostgreSql * 1000 / count);
                results[at].Broker.Values.Add(result.Used.Broker * 1000 / count);
                await Console.Error.WriteLineAsync($"round {round + 1}: {contenders[at].Name}: {result.PerSecond:0} sagas/s, p50 {result.P50:0} ms, p99 {result.P99:0} ms; processor ms a saga: program {results[at].Program.Values[^1]:0.00}, PostgreSQL {results[at].PostgreSql.Values[^1]:0.00}, broker {results[at].Broker.Values[^1]:0.00}");
            }
        }

        return results;
    }

    // The runtime compiles what runs often once more, and better, while it runs: a round counts when hardly anything is left to compile.
    private static async Task WarmUpAsync(IReadOnlyList<IContender> contenders, int count, int atOnce, string postgresFolder)
    {
        for (var turn = 0; turn < MostWarmUps; turn++)
        {
            var compiling = 0.0;
            foreach (var contender in contenders)
            {
                var before = JitInfo.GetCompilationTime();
                var clock = Stopwatch.StartNew();
                await Pace.RunAsync(contender, count, atOnce, postgresFolder);
                compiling = Math.Max(compiling, (JitInfo.GetCompilationTime() - before) / clock.Elapsed);
            }

            await Console.Error.WriteLineAsync($"warming up: {compiling:P0} of the time went into compiling");
            if (compiling < 0.02)
                return;
        }
    }
}

internal sealed record ContenderResult(Series PerSecond, Series P50, Series P99, Series Load, Series Program, Series PostgreSql, Series Broker);
