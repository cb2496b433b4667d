using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Tenants;

/// <summary>The users that an adoption makes members of the tenant's organisation.</summary>
public static class AdoptedMemberRows
{
    /// <summary>Records all of them at once, so that there are either all or none.</summary>
    public static Task AddAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, IReadOnlyCollection<AdoptedMember> users, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            """
            insert into adopted_members (tenant_id, user_id, operation_id, made_email) select @Value, u.id, @operation, u.email from unnest(@Users, @Emails) u(id, email)
            on conflict (tenant_id, user_id) do update set operation_id = excluded.operation_id, added = false, made_email = excluded.made_email
            where adopted_members.operation_id <> excluded.operation_id
            """,
            new { tenant.Value, operation, Users = users.Select(u => u.UserId).ToArray(), Emails = users.Select(u => u.MadeEmail).ToArray() }, cancellationToken);

    /// <summary>Those of the operation, in a fixed order.</summary>
    public static async Task<IReadOnlyList<AdoptedMember>> ListAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken) =>
    [
        .. await transaction.Connection.QueryAsync<AdoptedMember>(new CommandDefinition(
            "select user_id as UserId, added as Added, made_email as MadeEmail from adopted_members where tenant_id = @Value and operation_id = @operation order by user_id collate \"C\"",
            new { tenant.Value, operation }, transaction.Transaction, cancellationToken: cancellationToken)),
    ];

    /// <summary>Records whether the operation is what makes these users members.</summary>
    public static Task SetAddedAsync(LeasedTransaction transaction, TenantId tenant, IReadOnlyCollection<string> users, bool added, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "update adopted_members set added = @added where tenant_id = @Value and user_id = any(@Users)", new { tenant.Value, Users = users.ToArray(), added }, cancellationToken);

    /// <summary>Forgets all of the tenant.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from adopted_members where tenant_id = @Value", new { tenant.Value }, cancellationToken);
}

/// <param name="UserId">The user's id in the identity provider.</param>
/// <param name="Added">Whether the operation made, or is about to make, the user a member.</param>
/// <param name="MadeEmail">The address of a user who was made for a tenant; null for all others.</param>
public sealed record AdoptedMember(string UserId, bool Added, string? MadeEmail);
