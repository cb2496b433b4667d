using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;

namespace Saga.Registry.Operations;

/// <summary>
/// What operations keep for themselves until they end. An operation takes its scopes in the transaction that accepts it, and
/// the transition that ends it gives them back; a stalled operation keeps them.
/// </summary>
public static class OperationScopes
{
    /// <summary>The whole installation.</summary>
    public const string Fleet = "fleet";

    public static string Tenant(TenantId tenant) => $"tenant:{tenant}";

    public static bool IsTenant(string scope) => scope.StartsWith("tenant:", StringComparison.Ordinal);

    public static string Server(string name) => $"server:{name}";

    /// <summary>
    /// Takes all of the scopes, or says who has one of them. Waits for a transaction that is taking or giving back the same, in one
    /// order everywhere, so that no deadlock can come of it.
    /// </summary>
    /// <param name="transaction">Has written the operation. Roll it back when a scope is taken: the others may have been.</param>
    /// <param name="operation">The operation that is to hold them.</param>
    /// <param name="scopes">Without duplicates.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>Null when the operation has them all.</returns>
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
            // Given back between the two statements: it is free now.
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

/// <summary>An operation that has a scope.</summary>
/// <param name="Scope">What it keeps for itself.</param>
/// <param name="OperationId">The operation.</param>
/// <param name="Kind">Its kind.</param>
public sealed record ScopeHolder(string Scope, Guid OperationId, string Kind);
