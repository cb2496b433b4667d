using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Exports;

/// <summary>What the steps of exports have in common.</summary>
internal static class ExportStep
{
    public static IReadOnlyList<string> Systems { get; } = [SystemNames.S3];

    /// <summary>The operation's export.</summary>
    public static async Task<BegunExport?> FindAsync(LeasedTransactions leases, StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        return await ExportRows.FindAsync(transaction, context.OperationId, cancellationToken);
    }

    public static StepFailureException Ended(Guid export) => StepFailureException.Permanent("export-ended", $"Export {export} was undone, or its file was removed.", "Send the command again.");

    public static async Task RemoveAsync(ExportFiles files, StepContext context, Guid export, CancellationToken cancellationToken)
    {
        try
        {
            await files.RemoveAsync(context.TenantId, export, cancellationToken);
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }
}
