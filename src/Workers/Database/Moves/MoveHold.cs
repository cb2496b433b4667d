using Saga.Contracts.Identifiers;
using Saga.Registry.Holds;
using Saga.Registry.Leases;
using Saga.Workers.Database.Place;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>The tenant's hold while it gets another place, for a move or a restore. It is in the registry first, so that runtimes refuse, and then in the place, so that direct logins are refused too. Thread-safe.</summary>
internal sealed class MoveHold(LeasedTransactions leases, PlaceModes modes)
{
    public const string Actor = "saga";

    /// <summary>Returns when the place has the effect and every older transaction of the tenant has ended.</summary>
    public Task SetAsync(StepContext context, HoldEffect effect, CancellationToken cancellationToken) =>
        SetAsync(context, HoldCode.Move, effect, $"The tenant's rows are being moved by operation {context.OperationId}.", cancellationToken);

    /// <inheritdoc cref="SetAsync(StepContext, HoldEffect, CancellationToken)"/>
    public async Task SetAsync(StepContext context, HoldCode code, HoldEffect effect, string reason, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            await transaction.CommitAsync([HoldStore.SetCommand(context.TenantId, code, effect, Actor, reason)], cancellationToken);
        await modes.WriteAsync(context.Tenant, cancellationToken);
    }

    /// <summary>Lifts it. Does nothing if it does not stand.</summary>
    public async Task LiftAsync(StepContext context, CancellationToken cancellationToken, HoldCode code = HoldCode.Move)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
            await transaction.CommitAsync([HoldStore.LiftCommand(context.TenantId, code, Actor, $"Operation {context.OperationId} was undone.")], cancellationToken);
        await modes.WriteAsync(context.Tenant, cancellationToken);
    }
}
