using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Deletion;
using Saga.Contracts.Events;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Registry.Schedule;
using Saga.Workers.Backup;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation.Deletion;

/// <summary>
/// Ends a tenant of which nothing is left outside: destroys its key, makes it a tombstone, reserves its names, writes the certificate and
/// announces it, in one transaction. Each step before has seen that what it removed is gone.
/// </summary>
internal sealed class CertifyStep(LeasedTransactions leases, CertificateStore certificates, RegistryNotifier notifier, IOptions<BackupOptions> backups, IOptions<RegistryBackupOptions> registry) : IStep
{
    private static readonly string[] Removals = [StepNames.RemoveOrganization, StepNames.RemoveDatabase, StepNames.RemoveStorage, StepNames.RemoveCache];

    public string Name => StepNames.Certify;

    public IReadOnlyList<string> Needs => Removals;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var tenant = context.Tenant;
        // Not without what each step says that it has seen: a step that was skipped has seen nothing.
        RemovedResource[] removed = [.. Removals.SelectMany(s => context.Output<RemovalOutput>(s).Removed)];
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (await TombstoneRows.DeleteAsync(transaction, tenant.Id, context.OperationId, cancellationToken) is { } rows)
            {
                DateTimeOffset? over = rows.BackupKeys > 0 ? Time(rows.DeletedAt).AddDays(backups.Value.FinalDays) : null;
                var document = JsonSerializer.Serialize(Certificate(context, removed, rows, over, registry.Value), Json.Options);
                var sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document)));
                var until = Time(rows.ReservedUntil);
                await TombstoneRows.WriteAsync(transaction, tenant.Id, context.OperationId, rows, document, sha256, cancellationToken);
                await transaction.CommitAsync(
                    [
                        .. TombstoneRows.ReleaseCommands(tenant.Id),
                        // What they would remove is gone, and without a tenant they would be refused aloud.
                        ScheduleStore.CancelAllCommand([CopyRemovals.Kind, RestoredStore.RemovalKind], tenant.Id, $"operation:{context.OperationId:d}", "The tenant was removed with everything it had."),
                        .. over is not { } at ? [] : BackupDestruction.ScheduleCommands(tenant.Id, context.OperationId, at, Time(rows.DeletedAt)),
                        OutboxWriter.PublishCommand(new TenantDeprovisioned
                        {
                            TenantId = tenant.Id,
                            Slug = tenant.Slug,
                            CertificateSha256 = sha256,
                            NamesReservedUntil = until,
                            OperationId = context.OperationId,
                            OccurredAt = Time(rows.DeletedAt),
                        }),
                    ],
                    cancellationToken);
                notifier.Notify(RegistryChannels.Outbox);
                notifier.Notify(RegistryChannels.Tenants, tenant.Id.ToString());
                return new { Status = TenantStatus.Deprovisioned, CertificateSha256 = sha256 };
            }
        }

        // An earlier attempt has done all of it.
        return tenant.Status == TenantStatus.Deprovisioned && await certificates.FindAsync(tenant.Id, cancellationToken) is { } written
            ? new { Status = TenantStatus.Deprovisioned, CertificateSha256 = written.Sha256 }
            : throw StepFailureException.Permanent(
                "removal-not-begun", $"The removal of tenant '{tenant.Slug}' by this operation is not final.", $"Retry the operation from step '{StepNames.BeginRemoval}'.");
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static DeletionCertificate Certificate(StepContext context, IReadOnlyList<RemovedResource> removed, DeletedRows rows, DateTimeOffset? over, RegistryBackupOptions registry)
    {
        var tenant = context.Tenant;
        return new()
        {
            TenantId = tenant.Id,
            Slug = tenant.Slug,
            Name = tenant.Name,
            Plan = tenant.Plan,
            Isolation = tenant.Tier,
            CreatedAt = tenant.CreatedAt,
            RequestedBy = rows.RequestedBy,
            RequestedAt = Time(rows.RequestedAt),
            GraceDays = rows.GraceDays,
            RequestOperationId = rows.RequestOperationId,
            BegunAt = Time(rows.BegunAt),
            DeletedAt = Time(rows.DeletedAt),
            OperationId = context.OperationId,
            Removed = removed,
            Registry = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                ["credentials"] = rows.Credentials,
                ["settings"] = rows.Settings,
                ["migrations"] = rows.Migrations,
                ["domains"] = rows.Domains,
                ["administratorClaims"] = rows.Claims,
            },
            SealingKey = new(rows.Keys > 0, rows.MasterKeyId, Time(rows.DeletedAt)) { RegistryBackupsExpireAt = rows.Keys > 0 ? Gone(Time(rows.DeletedAt)) : null },
            FinalBackup = rows is { BackupId: { } backup, BackupAt: { } at, BackupBytes: { } bytes, BackupSha256: { } sha256 } ? new(backup, Time(at), bytes, sha256) : null,
            Kept = new(rows.KeptBackups, rows.BackupKeys) 
            {
                ExpireAt = over,
                RegistryBackupsExpireAt = Gone(over),
                KeysDestroyedAt = Gone(over),
            },
            Reserved = new(tenant.Slug, tenant.Subdomain, rows.ProvedDomains, Time(rows.ReservedUntil)),
        };

        DateTimeOffset? Gone(DateTimeOffset? at) => at is { } lost ? registry.HaveUntil(lost) : null;
    }

    private static DateTimeOffset Time(DateTime stored) => new(stored, TimeSpan.Zero);
}
