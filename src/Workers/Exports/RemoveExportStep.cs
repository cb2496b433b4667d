using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Exports;

/// <summary>Removes the file of the export that the command names. A second run finds nothing.</summary>
internal sealed class RemoveExportStep(ExportFiles files, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.RemoveExport;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => ExportStep.Systems;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var export = context.Input<RemoveExport>().ExportId;
        BegunExport? known;
        // First, so that nobody gets a link to a file that is gone.
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            known = await ExportRows.FindAsync(transaction, context.TenantId, export, cancellationToken);
            if (known is not null)
                await ExportRows.EndLinksAsync(transaction, known.Id, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        // An export of another tenant, or one that is being written again, is not this command's.
        if (known is null or { State: "running" })
            return new { Removed = false };
        await ExportStep.RemoveAsync(files, context, export, cancellationToken);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await ExportRows.RemoveAsync(transaction, known.Id, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return new { Removed = true };
    }

    /// <summary>What was removed does not come back.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
