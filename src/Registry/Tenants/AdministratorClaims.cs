using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Tenants;

/// <summary>
/// Records which tenants need which administrator, or are making which user of another tenant a member. Tenants may share one user of the identity
/// provider, so neither may delete it while another one needs it. Changes of one address's claims run one after the other.
/// </summary>
public static class AdministratorClaims
{
    // An attempt with no lease left makes no further calls, so this only has to cover the call it was making.
    private static readonly TimeSpan LongestCall = TimeSpan.FromMinutes(1);

    /// <summary>Records that the tenant needs the user. Nobody deletes the user from the commit until <see cref="EndAsync"/>.</summary>
    /// <returns>False while another attempt may be deleting the user.</returns>
    public static async Task<bool> ClaimAsync(LeasedTransaction transaction, TenantId tenant, string email, CancellationToken cancellationToken)
    {
        await LockAsync(transaction, email, cancellationToken);
        return await transaction.ExecuteAsync(
            """
            with free as (
                update administrator_addresses a set
                    deleting_operation = null, deleting_step = null, deleting_fence = null, deleting_holder = null, deleting_until = null
                where a.email = @Email and coalesce(a.deleting_until, '-infinity') < clock_timestamp() and not exists (
                    select 1 from operation_steps s
                    where s.operation_id = a.deleting_operation and s.step = a.deleting_step and s.fence = a.deleting_fence
                        and s.holder = a.deleting_holder and not s.settled and s.expires_at > clock_timestamp())
                returning a.email)
            insert into administrator_claims (email, tenant_id) select f.email, @Tenant from free f
            on conflict (email, tenant_id) do update set email = excluded.email
            """,
            new { Email = Key(email), Tenant = tenant.Value }, cancellationToken) == 1;
    }

    /// <summary>Removes the tenant's claim, and decides whether its attempt may delete the user. If so, nobody can claim the address until <see cref="EndAsync"/>.</summary>
    /// <param name="transaction">The attempt's transaction.</param>
    /// <param name="lease">The attempt's lease.</param>
    /// <param name="tenant">The tenant.</param>
    /// <param name="email">The administrator's address.</param>
    /// <param name="madeFor">The tenant whose provisioning created the user; null when no tenant's provisioning created it.</param>
    /// <param name="lingers">How long the deletion may still take effect after a call without an answer.</param>
    /// <param name="cancellationToken">Cancels the change.</param>
    /// <returns>False when another tenant needs the user, or when no tenant of this registry created it.</returns>
    public static async Task<bool> ReleaseAsync(
        LeasedTransaction transaction, StepLease lease, TenantId tenant, string email, TenantId? madeFor, TimeSpan lingers, CancellationToken cancellationToken)
    {
        await LockAsync(transaction, email, cancellationToken);
        await RemoveAsync(transaction, tenant, email, cancellationToken);
        return await transaction.ExecuteAsync(
            """
            update administrator_addresses a set
                deleting_operation = @OperationId, deleting_step = @Step, deleting_fence = @Fence, deleting_holder = @Holder,
                deleting_until = clock_timestamp() + @Late
            where a.email = @Email
                and not exists (select 1 from administrator_claims c where c.email = a.email)
                and exists (select 1 from tenants t where t.id = @MadeFor)
            """,
            new { Email = Key(email), MadeFor = madeFor?.Value, Late = LongestCall + lingers, lease.OperationId, lease.Step, lease.Fence, lease.Holder }, cancellationToken) == 1;
    }

    /// <summary>Ends the tenant's claim, once the user is released. If the attempt deleted the user, the address may be claimed again.</summary>
    public static async Task EndAsync(LeasedTransaction transaction, StepLease lease, TenantId tenant, string email, CancellationToken cancellationToken)
    {
        await LockAsync(transaction, email, cancellationToken);
        await RemoveAsync(transaction, tenant, email, cancellationToken);
        await transaction.ExecuteAsync(
            """
            update administrator_addresses set
                deleting_operation = null, deleting_step = null, deleting_fence = null, deleting_holder = null, deleting_until = null
            where email = @Email and deleting_operation = @OperationId and deleting_step = @Step;

            delete from administrator_addresses a
            where a.email = @Email and a.deleting_until is null and not exists (select 1 from administrator_claims c where c.email = a.email);
            """,
            new { Email = Key(email), lease.OperationId, lease.Step }, cancellationToken);
    }

    /// <summary>
    /// The same as <see cref="EndAsync"/>, for a removal that may have deleted several users: ends the tenant's claim to its administrator, and
    /// frees every address whose user this step has deleted.
    /// </summary>
    public static async Task EndAllAsync(LeasedTransaction transaction, StepLease lease, TenantId tenant, string email, CancellationToken cancellationToken)
    {
        var deleted = await transaction.Connection.QueryAsync<string>(new CommandDefinition(
            "select email from administrator_addresses where deleting_operation = @OperationId and deleting_step = @Step order by email",
            new { lease.OperationId, lease.Step }, transaction.Transaction, cancellationToken: cancellationToken));
        // In one order everywhere, so that two removals that share users do not wait for each other.
        foreach (var address in deleted.Append(Key(email)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            await EndAsync(transaction, lease, tenant, address, cancellationToken);
    }

    // A separate statement, so that the next one sees what was committed while this one waited.
    private static Task<int> LockAsync(LeasedTransaction transaction, string email, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "insert into administrator_addresses (email) values (@Email) on conflict (email) do update set email = excluded.email",
        new { Email = Key(email) }, cancellationToken);

    private static Task<int> RemoveAsync(LeasedTransaction transaction, TenantId tenant, string email, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "delete from administrator_claims where email = @Email and tenant_id = @Tenant", new { Email = Key(email), Tenant = tenant.Value }, cancellationToken);

    // Identity providers compare addresses without regard to case.
    private static string Key(string email) => email.ToLowerInvariant();
}
