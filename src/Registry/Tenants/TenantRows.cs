using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;

namespace Saga.Registry.Tenants;

/// <summary>
/// Steps' writes to a tenant's row. Each write may be repeated: a row that already has the values is not changed and keeps its version.
/// </summary>
public static class TenantRows
{
    /// <summary>
    /// Follows a change of the schema version of tenant <c>@Tenant</c>'s placement. The column is for processes of the previous version,
    /// but the tenant's version grows for everybody.
    /// </summary>
    internal const string ShowSchemaVersion =
        """
        update tenants t set schema_version = p.schema_version, version = t.version + 1, updated_at = now()
        from placements p where t.id = @Tenant and p.id = placement_of(t.id) and t.schema_version is distinct from p.schema_version
        """;

    /// <summary>The same for all tenants of the place <c>@Server</c>, <c>@Database</c>, <c>@Schema</c>.</summary>
    internal const string ShowPlaceVersion =
        """
        update tenants t set schema_version = p.schema_version, version = t.version + 1, updated_at = now()
        from placements p where p.server = @Server and p.database = @Database and p.schema = @Schema and p.state <> 'gone'
            and t.id = p.tenant_id and p.id = placement_of(t.id) and t.schema_version is distinct from p.schema_version
        """;

    /// <summary>Follows a change of tenant <c>@Tenant</c>'s routing.</summary>
    internal const string ShowRouting =
        """
        update tenants t set schema_version = p.schema_version, tier = p.tier, version = t.version + 1, updated_at = now()
        from placements p where t.id = @Tenant and p.id = placement_of(t.id)
        """;

    /// <summary>
    /// Notifies runtimes within the commit. Only for what they must not miss: a process that dies after the commit would delay them until their next poll.
    /// </summary>
    public static Task NotifyAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync($"select pg_notify('{RegistryChannels.Tenants}', @Id)", new { Id = tenant.ToString() }, cancellationToken);

    /// <summary>The organisation's id in the identity provider; null when there is none any more.</summary>
    public static Task SetOrganizationAsync(LeasedTransaction transaction, TenantId tenant, string? organizationId, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            update tenants set organization_id = @organizationId, version = version + 1, updated_at = now()
            where id = @Value and organization_id is distinct from @organizationId
            """,
            new { tenant.Value, organizationId }, cancellationToken);

    /// <summary>The id of the first administrator in the identity provider; null when there is none any more.</summary>
    public static Task SetAdministratorAsync(LeasedTransaction transaction, TenantId tenant, string? userId, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            update tenants set admin_user_id = @userId, version = version + 1, updated_at = now()
            where id = @Value and admin_user_id is distinct from @userId
            """,
            new { tenant.Value, userId }, cancellationToken);

    public static Task SetPlanAsync(LeasedTransaction transaction, TenantId tenant, string plan, int planVersion, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            update tenants set plan = @plan, plan_version = @planVersion, version = version + 1, updated_at = now()
            where id = @Value and (plan, plan_version) <> (@plan, @planVersion)
            """,
            new { tenant.Value, plan, planVersion }, cancellationToken);

    /// <summary>Lets the tenant's version grow after a change outside its row.</summary>
    public static Task TouchAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("update tenants set version = version + 1, updated_at = now() where id = @Value", new { tenant.Value }, cancellationToken);

    /// <summary>Activates a tenant that is being provisioned.</summary>
    /// <returns>The time by the registry's clock; null when the tenant is not being provisioned.</returns>
    public static async Task<DateTimeOffset?> ActivateAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            """
            update tenants set status = 'active', version = version + 1, updated_at = now()
            where id = @Value and status = 'provisioning' returning updated_at
            """,
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    /// <summary>Marks a tenant that is being provisioned as failed. This frees its names, which are unique among tenants that have not failed.</summary>
    /// <returns>Whether the tenant was being provisioned.</returns>
    public static async Task<bool> FailAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            "update tenants set status = 'failed', version = version + 1, updated_at = now() where id = @Value and status = 'provisioning'",
            new { tenant.Value }, cancellationToken) == 1;
}
