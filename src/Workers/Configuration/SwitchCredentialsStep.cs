using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Sealing;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;

namespace Saga.Workers.Configuration;

/// <summary>
/// The pivot of a rotation: in one transaction, runtimes see the new logins, the tenant has a new key, and the rotation is announced. A
/// second run changes nothing and returns the same time.
/// </summary>
internal sealed class SwitchCredentialsStep(
    CredentialStore credentials, TenantKeyRotation keys, LeasedTransactions leases, RegistryNotifier notifier, IOptions<RotationOptions> options) : IStep
{
    public string Name => StepNames.SwitchCredentials;

    public bool NeedsInput => true;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var what = context.Input<RotateCredentials>().What.Distinct(StringComparer.Ordinal).ToList();
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await CredentialRotationRows.FindAsync(transaction, context.OperationId, cancellationToken) is { } done)
            return new WaitUntilOutput { Until = done.DrainsUntil };
        var switched = new List<string>();
        if (what.Contains("database"))
            switched.Add((await SwitchLoginAsync(transaction, context, cancellationToken)).User);
        if (what.Contains("cache") && await SwitchCacheUserAsync(transaction, context, cancellationToken) is { } user)
            switched.Add(user.User);
        // After the switch, so that its secrets are sealed with the new key too.
        if (what.Contains("tenantKey"))
            await keys.RotateAsync(transaction, context.TenantId, cancellationToken);

        var drain = switched.Count == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(options.Value.DrainSeconds);
        var rotation = await CredentialRotationRows.AddAsync(transaction, context.TenantId, context.OperationId, what, drain, cancellationToken);
        await TenantRows.TouchAsync(transaction, context.TenantId, cancellationToken);
        await AuditLog.WriteAsync(transaction, AuditActions.CredentialsSwitch, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [OutboxWriter.PublishCommand(new TenantCredentialsRotated
            {
                TenantId = context.TenantId,
                Slug = context.Tenant.Slug,
                What = what,
                FormerUntil = switched.Count == 0 ? null : rotation.DrainsUntil,
                OperationId = context.OperationId,
                OccurredAt = rotation.SwitchedAt,
            })],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        notifier.Notify(RegistryChannels.Tenants, context.TenantId.ToString());
        return new WaitUntilOutput { Until = rotation.DrainsUntil };
    }

    /// <summary>Runtimes may use what they saw. A switch that did not take effect left nothing.</summary>
    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await CredentialRotationRows.FindAsync(transaction, context.OperationId, cancellationToken) is not null)
        {
            throw StepFailureException.Permanent(
                "credentials-switched", $"Product services may use the new credentials of tenant '{context.Tenant.Slug}'.", "Resume the operation, then rotate once more.");
        }
    }

    private async Task<SwitchedCredential> SwitchLoginAsync(LeasedTransaction transaction, StepContext context, CancellationToken cancellationToken)
    {
        var placement = context.Tenant.Current?.Id ?? throw Missing(StepNames.AddLogin, "login");
        var switched = await credentials.SwitchAsync(transaction, CredentialKey.Of(context.TenantId, placement, CredentialPurposes.Database), cancellationToken)
            ?? throw Missing(StepNames.AddLogin, "login");
        // A tenant without a read replica has none.
        await credentials.SwitchAsync(transaction, CredentialKey.Of(context.TenantId, placement, CredentialPurposes.Replica), cancellationToken);
        return await PlacementStore.ChangeLoginAsync(transaction, context.TenantId, placement, switched.Former, switched.User, cancellationToken)
            ? switched
            : throw Missing(StepNames.AddLogin, "login");
    }

    // An embedded cache has no users.
    private async Task<SwitchedCredential?> SwitchCacheUserAsync(LeasedTransaction transaction, StepContext context, CancellationToken cancellationToken)
    {
        var key = CredentialKey.Of(context.TenantId, CredentialPurposes.Cache);
        return await credentials.SwitchAsync(transaction, key, cancellationToken)
            ?? (await CredentialRows.FindAsync(transaction, key, cancellationToken) is null ? null : throw Missing(StepNames.AddCacheUser, "user of the cache"));
    }

    private static StepFailureException Missing(string step, string what) => StepFailureException.Permanent(
        "credential-missing", $"There is no new {what} to switch to.", $"Send the command again: its step '{step}' makes one.");
}
