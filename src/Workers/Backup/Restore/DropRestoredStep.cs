using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Restored;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>Removes the database of the restore that the command names, or otherwise that of the operation itself. A second run finds nothing.</summary>
internal sealed class DropRestoredStep(RestoredDatabases databases) : IStep
{
    public string Name => StepNames.DropRestored;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await databases.DropAsync(context, context.Input<RestoredWish>().OperationId ?? context.OperationId, cancellationToken);
        return null;
    }

    // What RemoveRestored says, and a restore does not.
    private sealed record RestoredWish(Guid? OperationId = null);

    /// <summary>What was removed does not come back.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
