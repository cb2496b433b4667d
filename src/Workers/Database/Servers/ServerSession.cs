using Dapper;
using Npgsql;
using Saga.Registry.Connections;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>
/// An administrator's connection to one database of one server. Errors are thrown as <see cref="StepFailureException"/>.
/// Identifiers and literals in statements must be quoted by <see cref="Sql"/>.
/// </summary>
internal sealed class ServerSession(string server, NpgsqlConnection connection, Func<NpgsqlConnection, Task> giveBack) : IAsyncDisposable
{
    public string Server { get; } = server;

    public Version ServerVersion => Connection.PostgreSqlVersion;

    /// <summary>For what the other members cannot do, within <see cref="TranslatingAsync"/>.</summary>
    public NpgsqlConnection Connection { get; } = connection;

    public Task<ServerIdentity> IdentifyAsync(CancellationToken cancellationToken) => TranslatingAsync(() => ServerIdentity.ReadAsync(Connection, cancellationToken));

    public Task ExecuteAsync(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        TranslatingAsync(async () => await Connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken)));

    /// <summary>The same without a time limit for the statement, for a step whose attempt has one.</summary>
    public Task ExecuteLongAsync(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        TranslatingAsync(async () => await Connection.ExecuteAsync(new CommandDefinition(sql, parameters, commandTimeout: 0, cancellationToken: cancellationToken)));

    public Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        TranslatingAsync(() => Connection.ExecuteScalarAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken)));

    /// <summary>The same without a time limit for the statement, for a step whose attempt has one.</summary>
    public Task<T?> ScalarLongAsync<T>(string sql, CancellationToken cancellationToken) =>
        TranslatingAsync(() => Connection.ExecuteScalarAsync<T>(new CommandDefinition(sql, commandTimeout: 0, cancellationToken: cancellationToken)));

    public Task<IReadOnlyList<T>> QueryAsync<T>(string sql, CancellationToken cancellationToken, object? parameters = null) =>
        TranslatingAsync(async () => (IReadOnlyList<T>)[.. await Connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))]);

    /// <summary>Whether the server has a database with this name.</summary>
    public Task<bool> HasDatabaseAsync(string database, CancellationToken cancellationToken) =>
        ScalarAsync<bool>("select exists (select 1 from pg_database where datname = @database)", cancellationToken, new { database });

    /// <summary>Ends the sessions in the database and drops it. It need not exist.</summary>
    /// <exception cref="StepFailureException">Among others: it is in use by a session that this user may not end.</exception>
    public Task DropDatabaseAsync(string database, CancellationToken cancellationToken) => TranslatingAsync(async () =>
    {
        try
        {
            return await Connection.ExecuteAsync(new CommandDefinition($"drop database if exists {Sql.Name(database)} with (force)", cancellationToken: cancellationToken));
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.ObjectInUse)
        {
            // The refusal has one SQLSTATE for a database of another user, which no waiting helps, and for a superuser's session in it.
            var owned = await Connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                "select exists (select from pg_database where datname = @database and pg_has_role(datdba, 'USAGE'))", new { database }, cancellationToken: cancellationToken));
            if (!owned)
                throw;
            var sessions = await Connection.QueryAsync<string>(new CommandDefinition(
                "select format('%s of %s', pid, usename) from pg_stat_activity where datname = @database and usename is not null order by pid",
                new { database }, cancellationToken: cancellationToken));
            throw DatabaseFailures.InUse(Server, database, [.. sessions], error);
        }
    });

    /// <summary>Commits when the work returns; rolls back when it throws.</summary>
    public async Task InTransactionAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await using var transaction = await TranslatingAsync(async () => await Connection.BeginTransactionAsync(cancellationToken));
        await work();
        await TranslatingAsync(async () =>
        {
            await transaction.CommitAsync(cancellationToken);
            return 0;
        });
    }

    public ValueTask DisposeAsync() => new(giveBack(Connection));

    /// <summary>Throws the call's errors as step failures.</summary>
    public async Task<T> TranslatingAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception error) when (DatabaseFailures.Explains(error))
        {
            throw DatabaseFailures.Translate(Server, error);
        }
    }
}
