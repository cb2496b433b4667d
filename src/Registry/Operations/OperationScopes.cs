using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Operations;

/// <summary>
/// Scopes that operations hold exclusively until they end. An operation takes its scopes in the transaction that accepts it, and
/// the transition that ends it releases them. A stalled operation keeps them.
/// </summary>
public static class OperationScopes
{
    /// <summary>The whole installation.</summary>
    public const string Fleet = "fleet";

    public static string Tenant(TenantId tenant) => $"tenant:{tenant}";

    public static bool IsTenant(string scope) => scope.StartsWith("tenant:", StringComparison.Ordinal);

    /// <summary>
    /// Takes all of the scopes, or returns the holder of one of them. Waits for transactions that are taking or releasing the same
    /// scopes. The order is the same everywhere, so there is no deadlock.
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
                    new NpgsqlBatchCommand(
                        """
                        select s.scope, o.id, o.kind from operation_scopes s join operations o on o.id = s.operation_id
                        where s.scope = any($1) order by s.scope
                        """)
                    {
                        Parameters = { Array(scopes) },
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
            holders.Add(new ScopeHolder(row.GetString(0), row.GetGuid(1), row.GetString(2)));
        return holders;
    }

    private static NpgsqlParameter Array(IEnumerable<string> scopes) => new() { Value = scopes.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}

/// <summary>The operation that holds a scope.</summary>
/// <param name="Scope">The scope.</param>
/// <param name="OperationId">The operation.</param>
/// <param name="Kind">Its kind.</param>
public sealed record ScopeHolder(string Scope, Guid OperationId, string Kind);
