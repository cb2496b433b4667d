using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Exports;
using Saga.Workers.Runtime;
using Saga.Workers.Runtime.Removals;

namespace Saga.Workers.Storage;

/// <summary>Removes the tenant's objects with their versions and delete markers, its unfinished uploads and its exports, and sees that none is left.</summary>
internal sealed class RemoveStorageStep(IStorageProvisioner provisioner, ExportFiles exports, LeasedTransactions leases, TimeProvider time) : IStep
{
    public string Name => StepNames.RemoveStorage;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        try
        {
            var found = await Findings.KeepAsync(leases, context, () => LookAsync(context, cancellationToken), cancellationToken);
            await provisioner.RemoveAsync(
                context.TenantId, cancellationToken, sofar => context.Report(sofar.Objects + sofar.Uploads, found.Objects + found.Uploads, "objects", "removing objects and their versions"));
            if (await provisioner.ExistsAsync(context.TenantId, cancellationToken))
                throw RemovalFailures.StillThere("objects", provisioner.Location(context.TenantId), SystemNames.S3);
            await RemoveExportsAsync(context, cancellationToken);
            return new RemovalOutput
            {
                Removed =
                [
                    new()
                    {
                        Resource = "objects",
                        System = provisioner.System,
                        Name = provisioner.Location(context.TenantId),
                        Existed = found.Existed,
                        Counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["objects"] = found.Objects, ["uploads"] = found.Uploads },
                        AbsentAt = time.GetUtcNow(),
                    },
                    new()
                    {
                        Resource = "exports",
                        System = provisioner.System,
                        Name = exports.Location(context.TenantId),
                        Existed = found.Exports > 0,
                        Counts = new Dictionary<string, long>(StringComparer.Ordinal) { ["files"] = found.Exports },
                        AbsentAt = time.GetUtcNow(),
                    },
                ],
            };
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<Found> LookAsync(StepContext context, CancellationToken cancellationToken)
    {
        var stored = await provisioner.CountAsync(context.TenantId, cancellationToken);
        return new(
            await provisioner.ExistsAsync(context.TenantId, cancellationToken), stored.Objects, stored.Uploads, await exports.CountAsync(context.TenantId, cancellationToken));
    }

    // The registry first, so that nobody gets a link to a file that is gone. The removal verifies that all are.
    private async Task RemoveExportsAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await ExportRows.RemoveAllAsync(transaction, context.TenantId, cancellationToken);
            await transaction.CommitAsync([ExportRemovals.CancelAllCommand(context.TenantId, context.OperationId)], cancellationToken);
        }

        await exports.RemoveAllAsync(context.TenantId, cancellationToken);
    }

    // What an earlier version found has no exports.
    private sealed record Found(bool Existed, long Objects, long Uploads, long Exports = 0);
}
