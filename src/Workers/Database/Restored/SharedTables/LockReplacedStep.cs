using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Moves;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored.SharedTables;

/// <summary>Begins the pause: the tenant may only read, and no transaction that began earlier is left.</summary>
internal sealed class LockReplacedStep(MoveHold hold, PreparedTransactions prepared) : IStep
{
    public string Name => StepNames.LockReplaced;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await hold.SetAsync(context, HoldCode.Restore, HoldEffect.ReadOnly, $"The tenant's rows are kept before operation {context.OperationId} replaces them.", cancellationToken);
        await prepared.RequireNoneAsync(context, cancellationToken);
        return null;
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => hold.LiftAsync(context, cancellationToken, HoldCode.Restore);
}
