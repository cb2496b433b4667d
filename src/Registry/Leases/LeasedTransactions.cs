using Dapper;
using Npgsql;

namespace Saga.Registry.Leases;

/// <summary>
/// Transactions on the registry that require a step's lease. The lease's row is locked until the end of the transaction, so nobody
/// can take the lease between the check and the commit. Thread-safe.
/// </summary>
public sealed class LeasedTransactions(NpgsqlDataSource registry, RegistryClock clock) : ILeaseCheck
{
    public async Task RequireAsync(StepLease lease, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var held = await connection.ExecuteScalarAsync<int?>(new CommandDefinition(
            """
            select 1 from operation_steps
            where operation_id = @OperationId and step = @Step and fence = @Fence and holder = @Holder and not settled and expires_at > clock_timestamp() + @Offset
            """,
            new { lease.OperationId, lease.Step, lease.Fence, lease.Holder, clock.Offset }, cancellationToken: cancellationToken));
        if (held is null)
            throw new LeaseLostException(lease);
    }

    /// <inheritdoc cref="LeaseGuard.Enter"/>
    public IDisposable Guard(StepLease lease, Func<bool>? stands = null) => LeaseGuard.Enter(this, lease, stands);

    /// <exception cref="LeaseLostException">Another worker has the lease, or its fencing token is stale.</exception>
    public async Task<LeasedTransaction> BeginAsync(StepLease lease, CancellationToken cancellationToken)
    {
        var connection = await registry.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var held = await connection.ExecuteScalarAsync<int?>(new CommandDefinition(
                """
                select 1 from operation_steps
                where operation_id = @OperationId and step = @Step and fence = @Fence and holder = @Holder and not settled
                for share
                """,
                lease, transaction, cancellationToken: cancellationToken));
            if (held is null)
                throw new LeaseLostException(lease);
            return new LeasedTransaction(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

/// <summary>An open transaction; rolled back when disposed without <see cref="CommitAsync"/>.</summary>
public sealed class LeasedTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    public NpgsqlConnection Connection { get; } = connection;

    public NpgsqlTransaction Transaction { get; } = transaction;

    /// <summary>Runs one statement with Dapper's parameters, and returns the number of affected rows. For stores of the registry: no other project holds its SQL.</summary>
    internal Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancellationToken) =>
        Connection.ExecuteAsync(new CommandDefinition(sql, parameters, Transaction, cancellationToken: cancellationToken));

    public Task CommitAsync(CancellationToken cancellationToken) => Transaction.CommitAsync(cancellationToken);

    /// <summary>
    /// Runs these statements and commits in one round trip. Their locks last only as long as the server works, and not while this
    /// process is slow, stopped or disconnected.
    /// </summary>
    public async Task CommitAsync(IReadOnlyList<NpgsqlBatchCommand> last, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(Connection, Transaction);
        foreach (var command in last)
            batch.BatchCommands.Add(command);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }
}
