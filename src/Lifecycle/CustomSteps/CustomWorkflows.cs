using Saga.Registry.CustomSteps;

namespace Saga.Lifecycle.CustomSteps;

/// <summary>
/// The workflows with the registry's current custom steps. Every process that accepts commands asks the registry, so that all of them plan with
/// the same list. Thread-safe.
/// </summary>
public sealed class CustomWorkflows(CustomStepStore store)
{
    private volatile CustomizedWorkflows last = new(CustomStepSet.None);

    /// <summary>As of now. Reads the list only when its version is another one than before.</summary>
    public async Task<CustomizedWorkflows> CurrentAsync(CancellationToken cancellationToken)
    {
        var known = last;
        if (await store.VersionAsync(cancellationToken) != known.Set.Version)
            last = known = new(await store.CurrentAsync(cancellationToken));
        return known;
    }
}
