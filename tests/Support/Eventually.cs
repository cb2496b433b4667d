using System.Diagnostics;

namespace Saga.Tests.Support;

/// <summary>Waits for a condition, not for a time.</summary>
public static class Eventually
{
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > (limit ?? TimeSpan.FromSeconds(20)))
                throw new TimeoutException("The condition did not come true in time.");
            await Task.Delay(10);
        }
    }
}
