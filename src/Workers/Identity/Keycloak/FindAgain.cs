using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// Searches for what a POST with an unknown outcome may have created. The server may still be working on it, so an empty result
/// is retried a few times.
/// </summary>
internal sealed class FindAgain(TimeProvider time)
{
    private static readonly TimeSpan[] Delays = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(1500)];

    /// <exception cref="StepFailureException">The search failed as well.</exception>
    public async Task<T?> Async<T>(Func<Task<T?>> find, CancellationToken cancellationToken)
        where T : class
    {
        foreach (var delay in Delays)
        {
            if (await find() is { } found)
                return found;
            await Task.Delay(delay, time, cancellationToken);
        }

        return await find();
    }
}
