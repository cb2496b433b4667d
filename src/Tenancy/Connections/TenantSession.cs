using Npgsql;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Connections;

/// <summary>
/// An open transaction in a tenant's schema, with the tenant's own login. It is rolled back when disposed without
/// <see cref="CommitAsync"/>. The search path and the tenant's id apply until it ends and never leak into the next one.
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

    internal static async Task<TenantSession> BeginAsync(TenantId tenant, string schema, NpgsqlDataSource pool, CancellationToken cancellationToken)
    {
        var connection = await pool.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var scope = new NpgsqlCommand(
                "select set_config('app.tenant_id', $1, true), set_config('search_path', quote_ident($2), true)", connection, transaction);
            scope.Parameters.Add(new NpgsqlParameter<string> { TypedValue = tenant.ToString() });
            scope.Parameters.Add(new NpgsqlParameter<string> { TypedValue = schema });
            await scope.ExecuteNonQueryAsync(cancellationToken);
            return new TenantSession(tenant, connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
