using System.Text.Json;
using Dapper;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Engine.Drift;
using Saga.Registry.Leases;

namespace Saga.Registry.Drift;

/// <summary>The findings of one scan's step. Each write may be repeated.</summary>
public static class DriftFindingRows
{
    private const int MostPruned = 10_000;

    /// <summary>Findings about these resources that have not ended.</summary>
    public static async Task<IReadOnlyList<OpenFinding>> OpenAsync(LeasedTransaction transaction, IReadOnlyCollection<string> resources, CancellationToken cancellationToken)
    {
        var found = new List<OpenFinding>();
        await using var ask = new NpgsqlCommand(
            "select id, resource, server, name, kind, tenant_id from drift_findings where ended_at is null and resource = any($1)", transaction.Connection, transaction.Transaction);
        ask.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. resources] });
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            found.Add(new(
                row.GetGuid(0), new(row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3)), Enum.Parse<DriftKind>(row.GetString(4), ignoreCase: true),
                row.IsDBNull(5) ? null : row.GetGuid(5)));
        }

        return found;
    }

    /// <summary>Records what a scan sees. A finding that is open goes on.</summary>
    public static async Task SeeAsync(LeasedTransaction transaction, Guid scan, DateTimeOffset at, IReadOnlyCollection<DriftFinding> findings, CancellationToken cancellationToken)
    {
        await using var write = new NpgsqlCommand(
            """
            insert into drift_findings as f (id, resource, kind, server, name, tenant_id, made_at, differences, first_seen_at, last_seen_at, first_scan, last_scan, owner)
            select v.id, v.resource, v.kind, v.server, v.name, v.tenant_id, v.made_at, v.differences::jsonb, $9, $9, $10, $10, v.owner
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $11) v(id, resource, kind, server, name, tenant_id, made_at, differences, owner)
            on conflict (resource, kind, name, coalesce(server, '')) where ended_at is null
            do update set tenant_id = excluded.tenant_id, owner = excluded.owner, made_at = excluded.made_at, differences = excluded.differences,
                last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at), last_scan = excluded.last_scan
            """,
            transaction.Connection, transaction.Transaction)
        {
            Parameters =
            {
                Parameter.Array(findings, _ => Guid.CreateVersion7(), NpgsqlDbType.Uuid),
                Parameter.Array(findings, f => f.Key.Resource, NpgsqlDbType.Text),
                Parameter.Array(findings, f => DriftStore.Name(f.Kind), NpgsqlDbType.Text),
                Parameter.Array(findings, f => f.Key.Server, NpgsqlDbType.Text),
                Parameter.Array(findings, f => f.Key.Name, NpgsqlDbType.Text),
                Parameter.Array(findings, f => f.Tenant, NpgsqlDbType.Uuid),
                Parameter.Array(findings, f => f.MadeAt?.ToUniversalTime(), NpgsqlDbType.TimestampTz),
                Parameter.Array(findings, f => JsonSerializer.Serialize(f.Differences, Json.Options), NpgsqlDbType.Text),
                new NpgsqlParameter<DateTimeOffset> { TypedValue = at.ToUniversalTime() },
                new NpgsqlParameter<Guid> { TypedValue = scan },
                Parameter.Array(findings, f => f.Owner, NpgsqlDbType.Uuid),
            },
        };
        await write.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Ends findings, and forgets those that ended long ago.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="ended">The findings.</param>
    /// <param name="at">The registry's time.</param>
    /// <param name="keep">How long findings that have ended are kept.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task EndAsync(LeasedTransaction transaction, IReadOnlyCollection<Guid> ended, DateTimeOffset at, TimeSpan keep, CancellationToken cancellationToken)
    {
        await transaction.ExecuteAsync(
            "update drift_findings set ended_at = @at where id = any(@Ids) and ended_at is null", new { Ids = ended.ToArray(), at = at.ToUniversalTime() }, cancellationToken);
        await transaction.ExecuteAsync(
            "delete from drift_findings where id in (select id from drift_findings where ended_at < @Before order by ended_at limit @MostPruned)",
            new { Before = at.ToUniversalTime() - keep, MostPruned }, cancellationToken);
        await QuarantineRows.PruneAsync(transaction, at - keep, MostPruned, cancellationToken);
    }

    /// <summary>Ends a finding that an operation has repaired.</summary>
    public static Task RepairedAsync(LeasedTransaction transaction, Guid finding, Guid operation, DateTimeOffset at, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update drift_findings set ended_at = @at, repaired_by = @operation where id = @finding and ended_at is null", new { finding, operation, at = at.ToUniversalTime() }, cancellationToken);

    /// <summary>Ends a finding that does not hold any more, although nobody has repaired it.</summary>
    public static Task GoneAsync(LeasedTransaction transaction, Guid finding, DateTimeOffset at, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "update drift_findings set ended_at = @at where id = @finding and ended_at is null", new { finding, at = at.ToUniversalTime() }, cancellationToken);

    /// <summary>Records how much the step of a scan of everything compared.</summary>
    public static Task CountAsync(LeasedTransaction transaction, string step, Guid scan, int compared, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "insert into drift_totals (step, compared, scan) values (@step, @compared, @scan) on conflict (step) do update set compared = excluded.compared, scan = excluded.scan",
        new { step, scan, compared }, cancellationToken);
}
