using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Registry.Domains;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Settings;

namespace Saga.Registry.Tenants;

/// <summary>The rows of <c>tenant_changes</c>: what each update of a tenant replaced. Each write of a step may be repeated.</summary>
public static class TenantChangeRows
{
    /// <summary>
    /// Changes the tenant in the transaction that accepts the update, and records what was there. Fails with 23505 if a new name belongs to
    /// another tenant, and with <see cref="TenantAdmission.NameHeld"/> like the acceptance of a new tenant.
    /// </summary>
    /// <param name="tenant">The tenant, whose row the transaction has locked.</param>
    /// <param name="operation">The update.</param>
    /// <param name="change">The change; the tenant has the values before it.</param>
    /// <param name="proof">The token by which the control of a new domain is to be proved.</param>
    /// <param name="at">When the update is accepted.</param>
    public static IEnumerable<NpgsqlBatchCommand> BeginCommands(TenantId tenant, Guid operation, TenantChange change, string proof, DateTimeOffset at)
    {
        if (change.NewText(TenantField.Name) is { } name)
            yield return CommandLedger.Statement("select admit_name($1, $2)", tenant.Value, name);
        var after = JsonSerializer.Serialize(change.After, Json.Options);
        yield return CommandLedger.Statement(
            """
            insert into tenant_changes (operation_id, tenant_id, before, after, claimed)
            values ($2, $1, $3::jsonb, $4::jsonb, case when $5::text is null then false else claim_domain($1, $5, $6, $7) end)
            """,
            tenant.Value, operation, JsonSerializer.Serialize(change.Before, Json.Options), after, change.NewText(TenantField.Domain), proof, at);
        yield return CommandLedger.Statement(
            $"update tenants t set {TenantField.Assign(change.Fields)}, version = t.version + 1, updated_at = $3 from (select $2::jsonb as v) given where t.id = $1",
            tenant.Value, after, at);
    }

    /// <summary>Sets or removes one of a tenant's own settings or features in the transaction that accepts the command, and records what was there.</summary>
    /// <param name="tenant">The tenant, whose row the transaction has locked.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="field"><see cref="TenantField.Settings"/> or <see cref="TenantField.Features"/>.</param>
    /// <param name="key">The setting or the feature.</param>
    /// <param name="value">The value; null to remove the tenant's own one.</param>
    /// <param name="at">When the command is accepted.</param>
    public static IEnumerable<NpgsqlBatchCommand> SetCommands(TenantId tenant, Guid operation, string field, string key, JsonElement? value, DateTimeOffset at)
    {
        if (field is not (TenantField.Settings or TenantField.Features))
            throw new ArgumentOutOfRangeException(nameof(field));
        var json = value?.GetRawText();
        yield return CommandLedger.Statement(
            $"""
            insert into tenant_changes (operation_id, tenant_id, before, after)
            select $2, t.id, jsonb_build_object('{field}', t.{field}),
                jsonb_build_object('{field}', case when $4::jsonb is null then t.{field} - $3::text else t.{field} || jsonb_build_object($3::text, $4::jsonb) end)
            from tenants t where t.id = $1
            """,
            tenant.Value, operation, key, json);
        yield return CommandLedger.Statement(
            $"""
            update tenants t set {field} = case when $3::jsonb is null then t.{field} - $2::text else t.{field} || jsonb_build_object($2::text, $3::jsonb) end,
                version = t.version + 1, updated_at = $4
            where t.id = $1
            """,
            tenant.Value, key, json, at);
    }

    /// <summary>The operation's change; null when it was undone.</summary>
    public static async Task<TenantChange?> FindAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        await transaction.Connection.QuerySingleOrDefaultAsync<(string Before, string After)?>(new CommandDefinition(
            "select before::text, after::text from tenant_changes where operation_id = @operation",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken)) is var (before, after)
            ? new(Read(before), Read(after))
            : null;

    /// <summary>Gives the tenant its former values, and withdraws the claim for a new domain unless it was proved meanwhile. Does nothing the second time.</summary>
    public static async Task UndoAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        if (await FindAsync(transaction, operation, cancellationToken) is not { } change)
            return;
        var claimed = await transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "delete from tenant_changes where operation_id = @operation returning claimed", new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
        await transaction.ExecuteAsync(
            $"update tenants t set {TenantField.Assign(change.Fields)}, version = t.version + 1, updated_at = now() from (select @before::jsonb as v) given where t.id = @Value",
            new { tenant.Value, before = JsonSerializer.Serialize(change.Before, Json.Options) }, cancellationToken);
        if (claimed && change.NewText(TenantField.Domain) is { } domain)
            await TenantDomainRows.WithdrawAsync(transaction, tenant, domain, cancellationToken);
    }

    /// <summary>Records what the new administrator was before the operation did anything to it. The first record counts.</summary>
    /// <returns>The record.</returns>
    public static Task<(bool WasMember, bool WasAdministrator)> RememberAdministratorAsync(
        LeasedTransaction transaction, Guid operation, bool isMember, bool isAdministrator, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleAsync<(bool, bool)>(new CommandDefinition(
            """
            update tenant_changes set was_member = coalesce(was_member, @isMember), was_admin = coalesce(was_admin, @isAdministrator)
            where operation_id = @operation returning was_member, was_admin
            """,
            new { operation, isMember, isAdministrator }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <returns>What <see cref="RememberAdministratorAsync"/> recorded; null when it recorded nothing.</returns>
    public static Task<(bool WasMember, bool WasAdministrator)?> FindAdministratorAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<(bool, bool)?>(new CommandDefinition(
            "select was_member, was_admin from tenant_changes where operation_id = @operation and was_member is not null",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Keeps the tenant's settings as they are, for <see cref="RestoreSettingsAsync"/>. The first record counts.</summary>
    public static Task KeepSettingsAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            $"update tenant_changes c set settings = {TenantSettingRows.Snapshot} from tenants t where c.operation_id = @operation and c.settings is null and t.id = c.tenant_id",
            new { operation }, cancellationToken);

    /// <summary>Makes the tenant's settings what they were. Does nothing if they were not kept.</summary>
    public static async Task RestoreSettingsAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        var settings = await transaction.Connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            "select settings::text from tenant_changes where operation_id = @operation", new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
        if (settings is not null)
            await TenantSettingRows.RestoreAsync(transaction, tenant, settings, cancellationToken);
    }

    /// <summary>Records that the change was announced.</summary>
    /// <returns>When, by the registry's clock; null when it was announced before, or when there is none.</returns>
    public static async Task<DateTimeOffset?> AnnounceAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update tenant_changes set announced_at = now() where operation_id = @operation and announced_at is null returning announced_at",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    public static Task<bool> IsAnnouncedAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from tenant_changes where operation_id = @operation and announced_at is not null)",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    private static Dictionary<string, JsonElement> Read(string json) => JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(json, Json.Options)!;
}
