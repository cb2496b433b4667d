using System.Text.Json;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Deprovisionings;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Tenants;
using Saga.Workers.Backup.Files;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Restore.Revival;

/// <summary>
/// Makes a tombstone a tenant that is being provisioned, with what its backup says of it. Nothing that was sealed comes back, because the key is
/// destroyed. The compensation makes it a tombstone again.
/// </summary>
internal sealed class ReviveStep(BackupReader reader, LeasedTransactions leases, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.Revive;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.S3];

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => RestoreContext.ReadingAsync<object?>(async () =>
    {
        var manifest = await reader.OpenAsync(RestoreContext.BackupOf(context), cancellationToken);
        JsonElement settings;
        await using (var part = await reader.OpenPartAsync(context.TenantId, manifest.BackupId, manifest.Parts.Single(p => p.Name == PartNames.Settings), cancellationToken))
            settings = JsonElement.Parse(await StoreReads.ReadAllAsync(part, cancellationToken));
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            if (!await BeginAsync(transaction, context, settings.GetProperty("tenant").GetRawText(), cancellationToken) && context.Tenant.Status != TenantStatus.Provisioning)
                throw StepFailureException.Permanent("tenant-status", $"Tenant '{context.Tenant.Slug}' is {context.Tenant.Status.ToString().ToLowerInvariant()}, and not deprovisioned.", "Send the command again.");
            await transaction.CommitAsync(cancellationToken);
        }

        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        return new RevivedOutput
        {
            Lost = [.. settings.GetProperty("settings").EnumerateArray().Where(s => s.GetProperty("sealed").ValueKind == JsonValueKind.String).Select(s => s.GetProperty("key").GetString()!)],
            Domains = [.. settings.GetProperty("domains").EnumerateArray().Select(d => d.GetProperty("domain").GetString()!)],
        };
    });

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        if (context.Tenant.Status == TenantStatus.Active)
            throw StepFailureException.Permanent("tenant-status", $"Tenant '{context.Tenant.Slug}' is active: it cannot be undone, only deprovisioned.", "Resume the operation.");
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await RevivalRows.UndoAsync(transaction, context.TenantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
    }

    private static async Task<bool> BeginAsync(LeasedTransaction transaction, StepContext context, string backedUp, CancellationToken cancellationToken)
    {
        try
        {
            return await RevivalRows.BeginAsync(transaction, context.TenantId, backedUp, cancellationToken);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            var domain = context.Tenant.Domain is { } name ? $" or the domain '{name}'" : "";
            throw StepFailureException.Permanent(
                "slug-taken", $"Another tenant has the slug '{context.Tenant.Slug}' or the subdomain '{context.Tenant.Subdomain}'{domain} by now, or they are still reserved for it.",
                "Deprovision that tenant first, or provision a new one and copy what is needed.", cause: error);
        }
        catch (PostgresException error) when (error.SqlState == TenantAdmission.NameHeld)
        {
            throw StepFailureException.Permanent("name-taken", $"Another tenant is called '{context.Tenant.Name}' or '{context.Tenant.Name} ({context.Tenant.Slug})' by now.", "Rename that tenant, then send the command again.", cause: error);
        }
    }
}
