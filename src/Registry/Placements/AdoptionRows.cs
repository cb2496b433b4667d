using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Placements;

/// <summary>What adoptions found before they changed anything, and how to put it back.</summary>
public static class AdoptionRows
{
    /// <summary>Records it for the placement. What was recorded before is kept: a later look would see the adoption's own changes.</summary>
    /// <returns>What is recorded now.</returns>
    public static async Task<Adoption> KeepAsync(
        LeasedTransaction transaction, Guid placement, TenantId tenant, Guid operation, Adoption found, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            """
            insert into adoptions (placement_id, tenant_id, operation_id, found_version, undo) values (@placement, @Tenant, @operation, @FoundVersion, @Undo::jsonb)
            on conflict (placement_id) do nothing
            """,
            new { placement, Tenant = tenant.Value, operation, found.FoundVersion, Undo = JsonSerializer.Serialize(found.Undo, Json.Options) }, cancellationToken);
        return (await FindAsync(transaction.Connection, transaction.Transaction, placement, cancellationToken))!;
    }

    /// <summary>What is recorded for the placement; null when nothing was changed yet.</summary>
    public static Task<Adoption?> FindAsync(LeasedTransaction transaction, Guid placement, CancellationToken cancellationToken) =>
        FindAsync(transaction.Connection, transaction.Transaction, placement, cancellationToken);

    /// <summary>Forgets it, when everything is as it was.</summary>
    public static Task DeleteAsync(LeasedTransaction transaction, Guid placement, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from adoptions where placement_id = @placement", new { placement }, cancellationToken);

    /// <summary>Marks the adoption as announced.</summary>
    /// <returns>The time of the mark; null when it was announced before.</returns>
    public static async Task<DateTimeOffset?> AnnounceAsync(LeasedTransaction transaction, Guid placement, TimeSpan offset, CancellationToken cancellationToken) =>
        await transaction.Connection.ExecuteScalarAsync<DateTime?>(new CommandDefinition(
            "update adoptions set announced_at = clock_timestamp() + @offset where placement_id = @placement and announced_at is null returning announced_at",
            new { placement, offset }, transaction.Transaction, cancellationToken: cancellationToken)) is { } at
            ? new DateTimeOffset(at)
            : null;

    private static async Task<Adoption?> FindAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid placement, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select found_version, undo::text from adoptions where placement_id = $1", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = placement });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new(row.GetInt32(0), JsonSerializer.Deserialize<AdoptionUndo>(row.GetString(1), Json.Options)!) : null;
    }
}

/// <param name="FoundVersion">The version of the product's schema that was found.</param>
/// <param name="Undo">How to put everything back.</param>
public sealed record Adoption(int FoundVersion, AdoptionUndo Undo);

/// <summary>Statements, in order. They contain names and definitions, and never a secret.</summary>
public sealed record AdoptionUndo
{
    /// <summary>For the tenant's schema, and its place in the schema <c>saga</c>.</summary>
    public required IReadOnlyList<string> Schema { get; init; }

    /// <summary>For the database itself, which other tenants' schemas may need as it is by now.</summary>
    public required IReadOnlyList<string> Database { get; init; }

    /// <summary>For this user's own memberships, at the very end.</summary>
    public required IReadOnlyList<string> Memberships { get; init; }
}
