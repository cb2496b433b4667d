using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>Where copied tenants' rows come from.</summary>
public static class AdoptedSourceRows
{
    /// <summary>Records it. May be repeated.</summary>
    public static Task KeepAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, Placement source, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "insert into adopted_sources (operation_id, tenant_id, server, database, schema) values (@operation, @Tenant, @Server, @Database, @Schema) on conflict (operation_id) do nothing",
        new { operation, Tenant = tenant.Value, source.Server, source.Database, source.Schema }, cancellationToken);

    /// <summary>Forgets it.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from adopted_sources where operation_id = @operation", new { operation }, cancellationToken);

    /// <summary>Marks the adoption as announced.</summary>
    /// <returns>The time of the mark; null when it was announced before.</returns>
    public static async Task<DateTimeOffset?> AnnounceAsync(LeasedTransaction transaction, Guid operation, TimeSpan offset, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update adopted_sources set announced_at = clock_timestamp() + @offset where operation_id = @operation and announced_at is null returning announced_at",
            new { operation, offset }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;
}
