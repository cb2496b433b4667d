using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Rows;

/// <summary>
/// A transaction that sees one state of a database until it is disposed, and reads in spite of the policies, which show nobody the rows of a
/// closed place. It has room in the server's budget for one more connection, of a program that reads the same state. For one user at a time.
/// </summary>
internal sealed class RowsSnapshot : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private readonly ServerConnections.Reservations reserved;

    private RowsSnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction, ServerConnections.Reservations reserved) =>
        (this.connection, this.transaction, this.reserved) = (connection, transaction, reserved);

    /// <summary>The snapshot's name, for other sessions of the same database.</summary>
    public required string Name { get; init; }

    /// <summary>When the rows were as they are in it, by the server's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The role that it reads as; null for the login itself, which is then a superuser.</summary>
    public required string? Role { get; init; }

    public Version ServerVersion => connection.PostgreSqlVersion;

    /// <exception cref="StepFailureException">The server cannot be reached, or its provisioner may not read tenants' rows.</exception>
    public static async Task<RowsSnapshot> OpenAsync(DatabaseServers servers, ConnectionBudgets budgets, string server, string database, CancellationToken cancellationToken)
    {
        ServerConnections.Reservations? room = null;
        NpgsqlConnection? opened = null;
        try
        {
            room = await budgets.Of(server).ReserveAsync(2, cancellationToken);
            opened = await servers.OpenReservedAsync(server, cancellationToken, database);
            var role = await RoleAsync(opened, server, cancellationToken);
            var begun = await opened.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
            // It is idle while another program reads.
            await opened.ExecuteAsync(new CommandDefinition(
                $"set transaction read only; set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0; {RowFingerprints.Spelling} {(role is null ? "" : $"set local role {role}")}",
                cancellationToken: cancellationToken));
            var (name, at) = await opened.QuerySingleAsync<(string, DateTime)>(new CommandDefinition(
                "select pg_export_snapshot(), clock_timestamp()", cancellationToken: cancellationToken));
            return new(opened, begun, room) { Name = name, At = new(at), Role = role };
        }
        catch (Exception error)
        {
            if (opened is not null)
                await opened.DisposeAsync();
            if (room is not null)
                await room.DisposeAsync();
            if (error is TimeoutException timeout)
                throw DatabaseFailures.NoConnectionFree(server, timeout);
            if (DatabaseFailures.Explains(error))
                throw DatabaseFailures.Translate(server, error);
            throw;
        }
    }

    /// <summary>The product's tables in the schema, by name.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="onlyTenants">Only those with rows of tenants.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<IReadOnlyList<string>> TablesAsync(string schema, bool onlyTenants, CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<string>(new CommandDefinition(
            $"""
            select t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
            where n.nspname = @schema and t.relkind in ('r', 'p') and not t.relispartition and t.relname <> '{ProductTables.Probe}'
                {(onlyTenants ? $"and {ProductTables.HasTenants}" : "")}
            order by 1
            """,
            new { schema }, cancellationToken: cancellationToken)),
    ];

    /// <summary>The columns that can be written, in order.</summary>
    public async Task<IReadOnlyList<string>> ColumnsAsync(string schema, string table, CancellationToken cancellationToken) =>
    [
        .. await connection.QueryAsync<string>(new CommandDefinition(
            """
            select c.attname from pg_attribute c where c.attrelid = to_regclass(@name) and c.attnum > 0 and not c.attisdropped and c.attgenerated = '' order by c.attnum
            """,
            new { name = $"{Sql.Name(schema)}.{Sql.Name(table)}" }, cancellationToken: cancellationToken)),
    ];

    /// <summary>The version of the product's schema.</summary>
    public Task<int?> SchemaVersionAsync(string schema, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<int?>(new CommandDefinition(
        $"select max(version) from {Sql.Name(schema)}.schema_migrations", cancellationToken: cancellationToken));

    /// <summary>Counts the rows and sums them up.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="table">The table.</param>
    /// <param name="tenant">Whose rows; everybody's when null.</param>
    /// <param name="cancellationToken">Cancels the queries.</param>
    public async Task<(long Rows, TableSum Sum)> SumAsync(string schema, string table, Guid? tenant, CancellationToken cancellationToken)
    {
        var (rows, columns) = await TableSums.ReadAsync(connection, schema, table, null, tenant is { } id ? Of(id) : null, cancellationToken);
        return (rows.Rows, new() { Sum = TableSum.Spelled(rows.Sum), Columns = columns });
    }

    /// <summary>The tenant's rows in COPY's text format, which every version of PostgreSQL reads.</summary>
    public async Task<StreamReader> CopyAsync(string schema, string table, IReadOnlyList<string> columns, Guid tenant, CancellationToken cancellationToken) =>
        (StreamReader)await connection.BeginTextExportAsync(
            $"copy (select {string.Join(", ", columns.Select(Sql.Name))} from {Sql.Name(schema)}.{Sql.Name(table)} where {Of(tenant)}) to stdout", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
        await reserved.DisposeAsync();
    }

    private static string Of(Guid tenant) => $"tenant_id = {Sql.Text(tenant.ToString())}";

    private static async Task<string?> RoleAsync(NpgsqlConnection connection, string server, CancellationToken cancellationToken)
    {
        var role = await connection.ExecuteScalarAsync<string?>(new CommandDefinition(
            $"""
            select case when r.rolsuper then '' else (select m.rolname::text from pg_roles m where m.rolname = '{PreparedNames.Mover}' and pg_has_role(m.oid, 'MEMBER')) end
            from pg_roles r where r.rolname = current_user
            """,
            cancellationToken: cancellationToken));
        return role switch
        {
            "" => null,
            { } mover => mover,
            null => throw StepFailureException.Permanent(
                "postgresql-privilege", $"The provisioner of database server '{server}' may not become {PreparedNames.Mover}, and cannot read tenants' rows without it.",
                $"Run 'Saga.Host prepare-server' for the user of Saga:Databases:Servers:{server}:ConnectionString, then send the command again.", SystemNames.PostgreSql(server)),
        };
    }
}
