using System.Collections.Concurrent;
using System.Diagnostics;
using Saga.Bench.Figures;

namespace Saga.Bench.Throughput;

/// <summary>Keeps a fixed number of sagas running until all have ended.</summary>
internal static class LoadGenerator
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static async Task<RoundResult> RunAsync(ICandidate candidate, int count, int atOnce, string postgresFolder)
    {
        var sagas = await candidate.PrepareAsync(count);
        var left = new ConcurrentQueue<Guid>(sagas);
        var times = new ConcurrentBag<double>();
        var before = CpuTime.Read(postgresFolder);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            while (left.TryDequeue(out var saga))
            {
                var began = clock.Elapsed;
                await candidate.RunAsync(saga).WaitAsync(Limit);
                times.Add((clock.Elapsed - began).TotalMilliseconds);
            }
        })));
        var seconds = clock.Elapsed.TotalSeconds;
        var used = CpuTime.Read(postgresFolder).Since(before);
        await candidate.CheckAsync(sagas);
        var sorted = times.Order().ToList();
        return new RoundResult(count / seconds, sorted[sorted.Count / 2], sorted[sorted.Count * 99 / 100], used);
    }
}

/// <param name="PerSecond">Sagas that ended per second.</param>
/// <param name="P50">Median milliseconds from start to end.</param>
/// <param name="P99">The 99th percentile in milliseconds.</param>
/// <param name="Used">Processor time until the last saga has ended.</param>
internal sealed record RoundResult(double PerSecond, double P50, double P99, CpuTime Used);
