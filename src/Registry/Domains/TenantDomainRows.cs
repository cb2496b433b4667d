using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Domains;

/// <summary>Steps' writes to <c>tenant_domains</c>. Each may be repeated.</summary>
public static class TenantDomainRows
{
    /// <summary>The tenant's domains that are proved.</summary>
    public static async Task<IReadOnlyList<string>> ListProvedAsync(LeasedTransaction transaction, TenantId tenant, CancellationToken cancellationToken) =>
    [
        .. await transaction.Connection.QueryAsync<string>(new CommandDefinition(
            "select domain from tenant_domains where tenant_id = @Value and state = 'proved' order by domain",
            new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken)),
    ];

    /// <summary>Records that the tenant's organisation has these domains.</summary>
    public static Task LinkedAsync(LeasedTransaction transaction, TenantId tenant, IReadOnlyCollection<string> domains, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "update tenant_domains set linked_at = now() where tenant_id = @Value and state = 'proved' and domain = any(@Domains) and linked_at is null",
            new { tenant.Value, Domains = domains.ToArray() }, cancellationToken);

    /// <summary>Removes a claim that is not proved.</summary>
    public static Task WithdrawAsync(LeasedTransaction transaction, TenantId tenant, string domain, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync(
            "delete from tenant_domains where tenant_id = @Value and domain = @domain and state = 'pending'", new { tenant.Value, domain }, cancellationToken);

    /// <summary>Removes the domain, proved or not.</summary>
    public static Task RemoveAsync(LeasedTransaction transaction, TenantId tenant, string domain, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from tenant_domains where tenant_id = @Value and domain = @domain", new { tenant.Value, domain }, cancellationToken);
}
