using System.Diagnostics;
using System.Runtime;

namespace Saga.Bench.Figures;

/// <summary>
/// The runtime recompiles hot code with optimisations while it runs. A round counts only when hardly anything is left to compile,
/// which is the state of a program that has run for days.
/// </summary>
internal static class WarmUp
{
    private const int MostRounds = 20;
    private const double Enough = 0.02;

    public static async Task RunAsync(Func<Task> round)
    {
        for (var turn = 0; turn < MostRounds; turn++)
        {
            var before = JitInfo.GetCompilationTime();
            var clock = Stopwatch.StartNew();
            await round();
            var compiling = (JitInfo.GetCompilationTime() - before) / clock.Elapsed;
            await Console.Error.WriteLineAsync($"warming up: {compiling:P0} of the time went into compiling");
            if (compiling < Enough)
                return;
        }
    }
}
