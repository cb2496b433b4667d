using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

/// <summary>A worker's step of a scan. It names no external systems, so that an outage is reported instead of waited for.</summary>
internal abstract class ScanStep(IInventory inventory, DriftScanner scanner) : IStep
{
    public abstract string Name { get; }

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => await scanner.RunAsync(context, inventory, cancellationToken);

    /// <summary>A scan changes nothing outside, and what it has found stays true.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
