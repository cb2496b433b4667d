using System.Data;
using Dapper;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Exports;

/// <summary>
/// A transaction with the tenant's own login that sees one state of its rows until it is disposed. The place's policies decide what it sees:
/// rows of others never, and none once the place is closed. For one user at a time.
/// </summary>
internal sealed class TenantSnapshot : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;
    private readonly IAsyncDisposable reserved;
    private readonly string schema;

    private TenantSnapshot(NpgsqlConnection connection, NpgsqlTransaction transaction, IAsyncDisposable reserved, string schema) =>
        (this.connection, this.transaction, this.reserved, this.schema) = (connection, transaction, reserved, schema);

    /// <summary>When the rows were as they are in it, by the server's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <exception cref="StepFailureException">The server cannot be reached, or does not let the tenant in.</exception>
    public static async Task<TenantSnapshot> OpenAsync(TenantConnections connections, ConnectionBudgets budgets, Tenant tenant, TenantPlacement placement, CancellationToken cancellationToken)
    {
        var server = placement.Place.Server;
        IAsyncDisposable? room = null;
        NpgsqlConnection? opened = null;
        try
        {
            room = await budgets.Of(server).ReserveAsync(1, cancellationToken);
            opened = new(new NpgsqlConnectionStringBuilder(await connections.ConnectionStringAsync(tenant.Id, cancellationToken)) { Pooling = false, CommandTimeout = 0 }.ConnectionString);
            await opened.OpenAsync(cancellationToken);
            var begun = await opened.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            await opened.ExecuteAsync(new CommandDefinition("set transaction read only", cancellationToken: cancellationToken));
            // It is idle while the archive waits for the object store.
            var at = await opened.QuerySingleAsync<DateTime>(new CommandDefinition(
                """
                select clock_timestamp() from (
                    select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true), set_config('search_path', quote_ident(@Schema), true),
                        saga.enter(@Tenant, @Epoch)) entered
                """,
                new { placement.Place.Schema, Tenant = tenant.Id.Value, placement.Epoch }, cancellationToken: cancellationToken));
            return new(opened, begun, room, placement.Place.Schema) { At = new(at) };
        }
        catch (Exception error)
        {
            if (opened is not null)
                await opened.DisposeAsync();
            if (room is not null)
                await room.DisposeAsync();
            throw Translate(server, error) ?? error;
        }
    }

    /// <summary>What a failure of a snapshot means; null when it is none of a database server's.</summary>
    public static StepFailureException? Translate(string server, Exception error) => error switch
    {
        StepFailureException => null,
        TenantUnavailableException => StepFailureException.Permanent(
            "database-missing", error.Message, $"Retry the operation from step '{StepNames.BeginExport}' once the tenant has a database.", SystemNames.PostgreSql(server), error),
        PostgresException { SqlState: PlaceStates.Closed or PlaceStates.Moved } => StepFailureException.Permanent(
            "place-closed", $"The tenant's database refuses its own login: {((PostgresException)error).MessageText}", "Lift the tenant's holds, then send the command again.",
            SystemNames.PostgreSql(server), error),
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } => StepFailureException.Transient(
            "database-login-refused", $"Database server '{server}' refused the tenant's own login: {((PostgresException)error).MessageText}.",
            "Wait for an operation that changes the login. If there is none, rotate the tenant's credentials.", SystemNames.PostgreSql(server), error),
        TimeoutException timeout => DatabaseFailures.NoConnectionFree(server, timeout),
        _ => DatabaseFailures.Explains(error) ? DatabaseFailures.Translate(server, error) : null,
    };

    /// <summary>The product's tables with rows of tenants, by name.</summary>
    public async Task<IReadOnlyList<SourceTable>> TablesAsync(CancellationToken cancellationToken) =>
    [
        .. (await connection.QueryAsync<(string Name, string Column, string Type)>(new CommandDefinition(
            $"""
            select t.relname::text, c.attname::text, format_type(c.atttypid, c.atttypmod)
            from pg_class t join pg_namespace n on n.oid = t.relnamespace join pg_attribute c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
            where n.nspname = @schema and {ProductTables.HasTenants} and not t.relispartition and t.relname <> '{ProductTables.Probe}'
            order by t.relname, c.attnum
            """,
            new { schema }, cancellationToken: cancellationToken))).GroupBy(c => c.Name, StringComparer.Ordinal).Select(t => new SourceTable(t.Key, [.. t.Select(c => new ExportedField(c.Column, c.Type))])),
    ];

    /// <summary>Counts the rows.</summary>
    public Task<long> CountAsync(SourceTable table, string? userColumn, string? user, CancellationToken cancellationToken) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
        $"select count(*) from {From(table, userColumn, user)}", cancellationToken: cancellationToken));

    /// <summary>The rows, each as a JSON object.</summary>
    public async IAsyncEnumerable<string> JsonAsync(
        SourceTable table, string? userColumn, string? user, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var read = new NpgsqlCommand($"select row_to_json(r)::text from (select {Columns(table)} from {From(table, userColumn, user)}) r", connection, transaction);
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            yield return row.GetString(0);
    }

    /// <summary>The rows as CSV with a header.</summary>
    public async Task<StreamReader> CsvAsync(SourceTable table, string? userColumn, string? user, CancellationToken cancellationToken) =>
        (StreamReader)await connection.BeginTextExportAsync(
            $"copy (select {Columns(table)} from {From(table, userColumn, user)}) to stdout (format csv, header true, encoding 'UTF8')", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
        await reserved.DisposeAsync();
    }

    private static string Columns(SourceTable table) => string.Join(", ", table.Columns.Select(c => Sql.Name(c.Name)));

    private string From(SourceTable table, string? userColumn, string? user) =>
        $"{Sql.Name(schema)}.{Sql.Name(table.Name)}{(userColumn is null || user is null ? "" : $" where {Sql.Name(userColumn)}::text = {Sql.Text(user)}")}";
}

/// <summary>A table of the product.</summary>
internal sealed record SourceTable(string Name, IReadOnlyList<ExportedField> Columns);
