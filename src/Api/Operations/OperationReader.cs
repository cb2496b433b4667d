using Saga.Api.Failures;
using Saga.Api.Problems;
using Saga.Lifecycle.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Replays;

namespace Saga.Api.Operations;

/// <summary>Reads operations in the form that callers see.</summary>
internal sealed class OperationReader(OperationStore operations, HistoryStore history, ReplayCheckStore replays, FailureHelp help)
{
    private const int MaxHistory = 1000;

    public async Task<OperationView?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await operations.FindAsync(id, cancellationToken) is { } found
            ? new OperationView(found, await history.ReadAsync(id, 0, MaxHistory, cancellationToken), await replays.FindAsync(id, cancellationToken), help)
            : null;

    /// <summary>Reads an operation that was just accepted; returns its accepted form if the registry has become unavailable.</summary>
    public async Task<OperationView> ShowAsync(CommandAccepted accepted, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(accepted.OperationId, cancellationToken)
                ?? throw new InvalidOperationException($"Operation {accepted.OperationId} was accepted but does not exist.");
        }
        catch (Exception e) when (accepted.Operation is not null && Unavailability.IsRegistryDown(e))
        {
            return new OperationView(accepted.Operation, [], null, help);
        }
    }
}
