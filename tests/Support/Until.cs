using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Saga.Tests.Support;

/// <summary>Waits for conditions.</summary>
public static class Until
{
    /// <exception cref="TimeoutException">The condition did not become true in time; the message names it.</exception>
    public static async Task TrueAsync(
        Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? limit = null)
    {
        var bound = WaitLimit.Of(limit ?? TimeSpan.FromSeconds(30));
        var clock = Stopwatch.StartNew();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            if (clock.Elapsed > bound)
                throw new TimeoutException($"Not within {bound.TotalSeconds:0} s: {what}.");
            await tick.WaitForNextTickAsync();
        }
    }
}
