using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Settings;
using Saga.Registry.Tenants;

namespace Saga.Registry.Plans;

/// <summary>The rows of <c>plan_changes</c>. Each write may be repeated.</summary>
public static class PlanChangeRows
{
    /// <summary>Gives the tenant another plan or another version of it, and records what it had. The first record of the operation counts.</summary>
    /// <returns>The change; null when the tenant already had that version of the plan before this operation.</returns>
    public static async Task<PlanChange?> BeginAsync(
        LeasedTransaction transaction, TenantId tenant, Guid operation, Plan to, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            $"""
            insert into plan_changes (operation_id, tenant_id, from_plan, from_version, to_plan, to_version, settings)
            select @operation, t.id, t.plan, t.plan_version, @Name, @Version, {TenantSettingRows.Snapshot}
            from tenants t where t.id = @Tenant and (t.plan, t.plan_version) <> (@Name, @Version)
            on conflict (operation_id) do nothing
            """,
            new { operation, Tenant = tenant.Value, to.Name, to.Version }, cancellationToken);
        if (await FindAsync(transaction, operation, cancellationToken) is not { } change)
            return null;
        await TenantRows.SetPlanAsync(transaction, tenant, change.ToPlan, change.ToVersion, cancellationToken);
        return change;
    }

    /// <summary>The operation's change; null when it has changed no plan, or when the change was undone.</summary>
    public static Task<PlanChange?> FindAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.QuerySingleOrDefaultAsync<PlanChange>(new CommandDefinition(
            "select from_plan as FromPlan, from_version as FromVersion, to_plan as ToPlan, to_version as ToVersion from plan_changes where operation_id = @operation",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Records that the change was announced.</summary>
    /// <returns>When, by the registry's clock; null when it was announced before, or when there is none.</returns>
    public static async Task<DateTimeOffset?> AnnounceAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update plan_changes set announced_at = now() where operation_id = @operation and announced_at is null returning announced_at",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    public static Task<bool> IsAnnouncedAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from plan_changes where operation_id = @operation and announced_at is not null)",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));

    /// <summary>Restores the plan and the settings that the tenant had before the operation. Does nothing if it has changed no plan.</summary>
    public static async Task UndoAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        if (await FindAsync(transaction, operation, cancellationToken) is not { } change)
            return;
        await TenantRows.SetPlanAsync(transaction, tenant, change.FromPlan, change.FromVersion, cancellationToken);
        var settings = await transaction.Connection.ExecuteScalarAsync<string>(new CommandDefinition(
            "delete from plan_changes where operation_id = @operation returning settings::text",
            new { operation }, transaction.Transaction, cancellationToken: cancellationToken));
        await TenantSettingRows.RestoreAsync(transaction, tenant, settings!, cancellationToken);
    }
}
