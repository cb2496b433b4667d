using Npgsql;
using Saga.Tenancy.Connections;

namespace Saga.Workers.Database.Place;

/// <summary>Looks, as the tenant, for what no tenant may do in a product database.</summary>
internal static class PlaceVerification
{
    /// <returns>What the tenant's login may do; null when it may do nothing of the kind.</returns>
    public static async Task<string?> FindAsync(TenantSession session, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select coalesce(
                (select 'call ' || min(proname) from pg_proc where {OpenFunctions.Condition} and has_function_privilege(oid, 'EXECUTE')),
                (select 'use table saga.' || min(relname) from pg_class where relnamespace = to_regnamespace('saga') and relkind in ('r', 'p')
                    and has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')),
                (select 'change the schema saga' where has_schema_privilege(to_regnamespace('saga'), 'CREATE')))
            """,
            session.Connection, session.Transaction);
        return await command.ExecuteScalarAsync(cancellationToken) as string;
    }
}
