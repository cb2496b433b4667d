using System.Diagnostics;
using System.Runtime;

namespace Saga.Bench.Figures;

/// <summary>
/// The runtime compiles what runs often once more, and better, while it runs: a round counts when hardly anything is left to
/// compile. A program that serves for days is in that state.
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
