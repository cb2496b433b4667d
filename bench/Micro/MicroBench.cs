using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Saga.Bench.Micro;

/// <summary>Measures operations that happen many times per step in isolation: nanoseconds and allocations.</summary>
internal static class MicroBench
{
    /// <param name="brief">A few seconds for each figure instead of half a minute, which is enough to see an order of magnitude.</param>
    public static void Run(bool brief)
    {
        // In this process, because a separate build for each benchmark would need this repository's analyzers switched off.
        var job = (brief ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance);
        var configuration = ManualConfig.Create(DefaultConfig.Instance)
            .AddJob(job)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "saga-micro-benchmarks"))
            .WithOptions(ConfigOptions.JoinSummary);
        BenchmarkRunner.Run([typeof(EngineDecisions), typeof(StepMessageJson), typeof(SlugValidation)], configuration);
    }
}
