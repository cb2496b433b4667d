using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>Copies the tenant's rows to the new place. Another attempt begins again.</summary>
internal sealed class CopyRowsStep(MovePlaces places, RowTransfer transfer) : IStep
{
    public string Name => StepNames.CopyRows;

    public IReadOnlyList<string> Needs => [StepNames.ReserveMove];

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Input<MigrateTenant>().MigrationOptions?.PreserveData == false)
            return new { Rows = 0 };
        return await transfer.RunAsync(
            context, await places.FromAsync(context, StepNames.ReserveMove, cancellationToken), await places.ToAsync(context, StepNames.ReserveMove, cancellationToken), cancellationToken);
    }

    /// <summary>The place is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
