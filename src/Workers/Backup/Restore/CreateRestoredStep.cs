using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore;

/// <summary>Creates an empty database beside the tenant's place, on the same server. Nobody but the workers may connect to it.</summary>
internal sealed class CreateRestoredStep(RestoredDatabases databases, BackupReader reader, BackupStore backups, BackupServerCheck check, LeasedTransactions leases) : IStep
{
    public string Name => StepNames.CreateRestored;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => SystemNames.PostgreSql(tenant);

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.WritingAsync<object?>(context, async () =>
    {
        var server = DatabaseStep.PlacementOf(context.Tenant).Place.Server;
        var database = RestoreContext.DatabaseOf(context.OperationId);
        var backup = await RestoreContext.BackupOfAsync(context, backups, cancellationToken);
        // The tenant has only just got this server.
        if (context.Tenant.Status == TenantStatus.Provisioning)
            await check.RequireAsync(context, await reader.OpenAsync(backup, cancellationToken), cancellationToken);
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await RestoredStore.AddAsync(transaction, context.TenantId, context.OperationId, backup, server, database, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await databases.CreateAsync(context, server, database, cancellationToken);
        return new { Server = server, Database = database };
    });

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => databases.DropAsync(context, context.OperationId, cancellationToken);
}
