using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Operations;

/// <summary>
/// Scopes that operations hold exclusively until they end. An operation takes its scopes in the transaction that accepts it, and
/// the transition that ends it releases them. A stalled operation keeps them. An operation that may wait gets them later:
/// <see cref="Scopes.IScopeWaitStore"/>.
/// </summary>
public static class OperationScopes
{
    /// <summary>The whole installation.</summary>
    public const string Fleet = "fleet";

    /// <summary>The backups of the registry, which are made whatever else works on the installation.</summary>
    public const string RegistryBackups = "registry-backups";

    /// <summary>The findings of drift scans, which disturb nothing else.</summary>
    public const string Drift = "drift";

    /// <summary>Who holds the scopes $1, then who else than operation $2 waits for them, the longest waiting first.</summary>
    internal const string Holders =
        """
        select h.scope, o.id, o.kind, h.waits from (
            select s.scope, s.operation_id, false as waits, 0 as position from operation_scopes s where s.scope = any($1)
            union all
            select v.scope, w.operation_id, true, w.position from operation_scope_waits w cross join unnest(w.scopes) v(scope)
            where w.scopes && $1 and v.scope = any($1) and w.operation_id <> $2 and not w.refusing) h
        join operations o on o.id = h.operation_id
        order by h.waits, h.scope, h.position
        """;

    public static string Tenant(TenantId tenant) => $"tenant:{tenant}";

    /// <summary>The file of one export, which is removed whatever else works on its tenant.</summary>
    public static string Export(Guid export) => $"export:{export}";

    /// <summary>The copy of one backup, which disturbs nothing else.</summary>
    public static string BackupCopy(Guid backup) => $"backup-copy:{backup}";

    /// <summary>A database that is being adopted, or has a schema that is.</summary>
    public static string Database(string server, string database) => $"database:{server}/{database}";

    public static bool IsTenant(string scope) => scope.StartsWith("tenant:", StringComparison.Ordinal);

    /// <summary>
    /// Takes all of the scopes, or returns the operation that is in the way: the holder of one of them, or one that already waits for one.
    /// Waits for transactions that are taking or releasing the same scopes. The order is the same everywhere, so there is no deadlock.
    /// </summary>
    /// <param name="transaction">The transaction that has written the operation. Roll it back if a scope is taken, because it may have taken other scopes.</param>
    /// <param name="operation">The operation that takes them.</param>
    /// <param name="scopes">Without duplicates.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>Null when the operation has taken all of them.</returns>
    public static async Task<ScopeHolder?> TakeAsync(
        NpgsqlTransaction transaction, Guid operation, IReadOnlyCollection<string> scopes, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
            {
                BatchCommands =
                {
                    new NpgsqlBatchCommand("insert into operation_scopes (scope, operation_id) select s, $2 from unnest($1) as s order by s on conflict do nothing")
                    {
                        Parameters = { Array(scopes), new NpgsqlParameter<Guid> { TypedValue = operation } },
                    },
                    new NpgsqlBatchCommand(Holders)
                    {
                        Parameters = { Array(scopes), new NpgsqlParameter<Guid> { TypedValue = operation } },
                    },
                },
            };
            var holders = await ReadAsync(batch, cancellationToken);
            if (holders.Find(h => h.OperationId != operation) is { } other)
                return other;
            if (holders.Count == scopes.Count)
                return null;
            // The scope was released between the two statements and is free now.
        }
    }

    private static async Task<List<ScopeHolder>> ReadAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        var holders = new List<ScopeHolder>();
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            holders.Add(Read(row));
        return holders;
    }

    internal static ScopeHolder Read(NpgsqlDataReader row) => new(row.GetString(0), row.GetGuid(1), row.GetString(2)) { Waits = row.GetBoolean(3) };

    private static NpgsqlParameter Array(IEnumerable<string> scopes) => new() { Value = scopes.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}

/// <summary>The operation that is in the way of others that need a scope.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="OperationId">The operation.</param>
/// <param name="Kind">Its kind.</param>
public sealed record ScopeHolder(string Scope, Guid OperationId, string Kind)
{
    /// <summary>Whether it does not hold the scope yet, but has waited longer for it.</summary>
    public bool Waits { get; init; }
}
