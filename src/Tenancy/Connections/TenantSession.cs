using System.Globalization;
using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>
/// An open transaction in a tenant's schema, with the tenant's own login. It is rolled back when disposed without
/// <see cref="CommitAsync"/>. The search path, the tenant's id, the epoch and the time limits apply until it ends and never leak into
/// the next one. While it is open, statements that the place's mode forbids fail with one of <see cref="PlaceStates"/>.
/// </summary>
public sealed class TenantSession : IAsyncDisposable
{
    private TenantSession(TenantId tenant, NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        Tenant = tenant;
        Connection = connection;
        Transaction = transaction;
    }

    public TenantId Tenant { get; }

    public NpgsqlConnection Connection { get; }

    public NpgsqlTransaction Transaction { get; }

    public Task CommitAsync(CancellationToken cancellationToken) => Transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Transaction.DisposeAsync();
        await Connection.DisposeAsync();
    }

    internal static async Task<TenantSession> BeginAsync(
        TenantPool pool, TenantConnectionsOptions limits, CancellationToken cancellationToken, bool isReadOnly = false)
    {
        var connection = await pool.Source.OpenConnectionAsync(cancellationToken);
        try
        {
            return new TenantSession(pool.Tenant, connection, await EnterAsync(pool, limits, connection, isReadOnly, cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task<NpgsqlTransaction> EnterAsync(
        TenantPool pool, TenantConnectionsOptions limits, NpgsqlConnection connection, bool isReadOnly, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await ScopeAsync("saga.enter($1::uuid, $3)");
            return transaction;
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedFunction)
        {
            // No worker has brought this database up to date yet. Its policies know the tenant's id only.
            await transaction.DisposeAsync();
        }

        transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ScopeAsync("set_config('app.tenant_id', $1, true), $3");
        return transaction;

        async Task ScopeAsync(string enter)
        {
            await using var scope = new NpgsqlCommand(
                $"select {(isReadOnly ? "set_config('transaction_read_only', 'on', true), " : "")}set_config('lock_timeout', $4 || 's', true), set_config('statement_timeout', $5 || 's', true), {enter}, set_config('search_path', quote_ident($2), true)",
                connection, transaction);
            scope.Parameters.Add(new NpgsqlParameter<string> { TypedValue = pool.Tenant.ToString() });
            scope.Parameters.Add(new NpgsqlParameter<string> { TypedValue = pool.Schema });
            scope.Parameters.Add(new NpgsqlParameter<long> { TypedValue = pool.Epoch });
            scope.Parameters.Add(Seconds(limits.LockSeconds));
            scope.Parameters.Add(Seconds(limits.StatementSeconds));
            await scope.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static NpgsqlParameter<string> Seconds(int seconds) => new() { TypedValue = seconds.ToString(CultureInfo.InvariantCulture) };
}
