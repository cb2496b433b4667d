using Saga.Api.Problems;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Provision;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>Operations as callers see them.</summary>
internal sealed class OperationReader(OperationStore operations, HistoryStore history, TimeProvider time)
{
    private const int MaxHistory = 1000;

    public async Task<OperationView?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await operations.FindAsync(id, cancellationToken) is { } found
            ? new OperationView(found, await history.ReadAsync(id, 0, MaxHistory, cancellationToken))
            : null;

    /// <summary>What was just accepted; as it was accepted, when the registry is gone since.</summary>
    public async Task<OperationView> ShowAsync(CommandAccepted accepted, ProvisionTenant command, string caller, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(accepted.OperationId, cancellationToken)
                ?? throw new InvalidOperationException($"Operation {accepted.OperationId} was accepted and is not there.");
        }
        catch (Exception e) when (!accepted.IsReplay && Unavailability.IsRegistryDown(e))
        {
            var now = time.GetUtcNow();
            return new OperationView(
                new()
                {
                    Id = accepted.OperationId,
                    Kind = ProvisionWorkflow.Kind,
                    TenantId = accepted.TenantId,
                    TenantSlug = Slug.Parse(command.Slug),
                    State = OperationState.Accepted,
                    Workflow = ProvisionWorkflow.Definition,
                    Steps = [],
                    RequestedBy = caller,
                    Version = 1,
                    CreatedAt = now,
                    UpdatedAt = now,
                },
                []);
        }
    }
}
