using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Copies the restored rows to the new place. The tenant works on in its own place meanwhile. Another attempt begins again.</summary>
internal sealed class FillReplacementStep(RestoredPlaces places, RowTransfer transfer) : IStep
{
    public string Name => StepNames.FillReplacement;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove, StepNames.VerifyRestored];

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (restored, to) = await places.FindAsync(context, cancellationToken);
        return await transfer.RunAsync(context, restored, to, cancellationToken);
    }

    /// <summary>The place is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
