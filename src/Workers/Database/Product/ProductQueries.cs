using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Connections;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product;

/// <summary>Runs the product's verification queries as a tenant.</summary>
internal static class ProductQueries
{
    /// <exception cref="StepFailureException">The query did not answer true: <c>product-verification</c>.</exception>
    public static async Task RunAsync(TenantConnections connections, TenantId tenant, ProductFile query, CancellationToken cancellationToken)
    {
        await using var session = await connections.OpenAsync(tenant, cancellationToken);
        await using var readOnly = new NpgsqlCommand("set transaction read only", session.Connection, session.Transaction);
        await readOnly.ExecuteNonQueryAsync(cancellationToken);
        await using var command = new NpgsqlCommand(query.Sql, session.Connection, session.Transaction);
        try
        {
            if (await command.ExecuteScalarAsync(cancellationToken) is not true)
                throw Failed(query, "it did not answer true", null);
        }
        catch (PostgresException e) when (!e.IsTransient && e.SqlState is not (PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.AdminShutdown))
        {
            throw Failed(query, e.MessageText, e);
        }
    }

    private static StepFailureException Failed(ProductFile query, string why, Exception? cause) => StepFailureException.Permanent(
        "product-verification", $"The product's query {query.Path} failed for the tenant: {why}.",
        "Correct the tenant's rows or the query, restart the workers if the query changed, then replay the operation.", cause: cause);
}
