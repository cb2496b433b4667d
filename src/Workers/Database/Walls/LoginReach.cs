using Npgsql;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;

namespace Saga.Workers.Database.Walls;

/// <summary>What the server's catalog says about the reach of a tenant's login, read with that login.</summary>
/// <param name="Tables">The tables of its own schema with rows of tenants, quoted. Empty before they are migrated.</param>
/// <param name="Unprotected">A table with rows of tenants whose policies are not the platform's; null for none.</param>
/// <param name="Excess">A table of its own schema on which it has rights beyond what it needs; null for none.</param>
/// <param name="Schema">Another place's schema that it may use; null for none.</param>
/// <param name="OpenDatabases">Databases other than its own that it may connect to.</param>
/// <param name="ClosedDatabase">A database that it may not connect to; null when there is none.</param>
/// <param name="Changed">A setting of the login or of a role that it shares, which is not ours; null for none.</param>
/// <param name="Becomes">Another role that it may become, if the server could refuse that; null for none.</param>
/// <param name="Statistics">In the row tier, what the planner learns from other tenants' rows; null for none.</param>
/// <param name="OpenIndex">In the row tier, an index that is searched before the tenant is known; null for none.</param>
internal sealed record LoginReach(
    IReadOnlyList<string> Tables, string? Unprotected, string? Excess,
    string? Schema, IReadOnlyList<string> OpenDatabases, string? ClosedDatabase, string? Changed, string? Becomes, string? Statistics, string? OpenIndex)
{
    private const string OwnTables = "pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = $1";

    /// <summary>The table that verification writes to. Tables that an earlier version migrated have no probe, and are the sample's.</summary>
    public string Probe => Tables.Contains(ProductTables.Probe, StringComparer.Ordinal) ? ProductTables.Probe : "settings";

    /// <param name="schema">The schema of the tenant's place.</param>
    /// <param name="isShared">Whether the tables contain several tenants' rows.</param>
    public static async Task<LoginReach> ReadAsync(TenantSession session, string schema, bool isShared, CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand(
            $"""
            select
                (select min(n.nspname)::text from pg_namespace n
                 where (n.nspname ~ '^(t_[0-9a-f]{"{32}"}|product)$' or {RowPolicies.IsAdopted}) and n.nspname <> $1 and has_schema_privilege(n.oid, 'USAGE')),
                ({Walls.OpenDatabases.ToThisLogin}),
                -- A database that accepts no connections would prove nothing.
                (select min(datname)::text from pg_database
                 where datname ~ '^(tenant|saga)_' and datname <> current_database() and datallowconn and datconnlimit not in (0, -2)),
                ({LoginSettings.Changed("$1")} limit 1),
                ({LoginSettings.Becomes} limit 1),
                case when $2 then ({SharedStatistics.Collected("$1")} limit 1) end,
                case when $2 then ({SharedStatistics.OpenIndexes("$1")} limit 1) end,
                array(select quote_ident(t.relname) from {OwnTables} and {ProductTables.HasTenants} and not t.relispartition order by 1),
                (select min(t.relname)::text from {OwnTables} and {ProductTables.HasTenants} and not ({RowPolicies.IsProtected})),
                (select min(t.relname)::text from {OwnTables} and t.relkind in ('r', 'p') and (has_table_privilege(t.oid, 'TRUNCATE, REFERENCES, TRIGGER')
                    or not ({ProductTables.HasTenants}) and has_table_privilege(t.oid, 'INSERT, UPDATE, DELETE')))
            """,
            session.Connection, session.Transaction);
        read.Parameters.Add(new NpgsqlParameter<string> { TypedValue = schema });
        read.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = isShared });
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new LoginReach(
            await row.GetFieldValueAsync<string[]>(7, cancellationToken), await TextAsync(row, 8, cancellationToken), await TextAsync(row, 9, cancellationToken),
            await TextAsync(row, 0, cancellationToken), await row.GetFieldValueAsync<string[]>(1, cancellationToken), await TextAsync(row, 2, cancellationToken),
            await TextAsync(row, 3, cancellationToken), await TextAsync(row, 4, cancellationToken), await TextAsync(row, 5, cancellationToken),
            await TextAsync(row, 6, cancellationToken));
    }

    private static async Task<string?> TextAsync(NpgsqlDataReader row, int column, CancellationToken cancellationToken) =>
        await row.IsDBNullAsync(column, cancellationToken) ? null : row.GetString(column);
}
