using System.Text;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup;

/// <summary>Writes what the registry knows of the tenant: its settings with sealed values as they are, its plan, its holds and its domains. No credentials.</summary>
internal sealed class BackupSettingsStep(BackupParts parts, LeasedTransactions leases) : BackupStep(parts, leases)
{
    public override string Name => StepNames.BackupSettings;

    protected override async Task<object?> WriteAsync(StepContext context, BegunBackup backup, CancellationToken cancellationToken)
    {
        await Parts.RemoveAsync(context, backup.Id, cancellationToken);
        SettingsOfTenant settings;
        await using (var transaction = await Leases.BeginAsync(context.Lease, cancellationToken))
            settings = await BackupContents.ReadAsync(transaction, context.TenantId, cancellationToken);
        await using var upload = await Parts.CreateAsync(context, backup.Id, PartNames.Settings, cancellationToken);
        await upload.Content.WriteAsync(Encoding.UTF8.GetBytes(settings.Json), cancellationToken);
        var part = await upload.CompleteAsync(
            PartNames.JsonFormat, new Dictionary<string, long> { ["settings"] = settings.Settings, ["sealed"] = settings.Sealed }, new { context.Tenant.Plan }, cancellationToken);
        await AddAsync(context, backup.Id, [part], cancellationToken);
        return new { part.Bytes, part.Counts };
    }
}
