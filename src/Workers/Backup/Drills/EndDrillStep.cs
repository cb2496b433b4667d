using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Backup.Restore;
using Saga.Workers.Database.Restored;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Drills;

/// <summary>Drops the restored database, and notes that the backup can be restored.</summary>
internal sealed class EndDrillStep(RestoredDatabases databases, BackupStore backups, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.EndDrill;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var backup = await RestoreContext.BackupOfAsync(context, backups, cancellationToken);
        await databases.DropAsync(context, context.OperationId, cancellationToken);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (!await BackupDrillRows.ProveAsync(transaction, backup, context.OperationId, cancellationToken))
            return new { BackupId = backup };
        await AuditLog.WriteAsync(transaction, AuditActions.BackupProve, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        BackupTelemetry.Proven.Add(1);
        return new { BackupId = backup };
    }

    /// <summary>The database is dropped by the compensation of the step that created it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
