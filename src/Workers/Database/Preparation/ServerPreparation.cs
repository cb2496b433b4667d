using System.Text;
using Dapper;
using Npgsql;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Preparation;

/// <summary>
/// What a superuser does once for a database server, so that workers need none: creates the provisioner, the mover and the database that
/// product databases are copied from, and closes every database to PUBLIC. May be repeated, also after an interruption.
/// </summary>
public static class ServerPreparation
{
    /// <summary>Prepares the server. What workers created as a superuser is handed over to the provisioner.</summary>
    /// <param name="superuser">A superuser's connection string. Its database is ignored.</param>
    /// <param name="provisioner">The login to create or update.</param>
    /// <param name="everyDatabase">Whether to look also into product databases that were handed over before.</param>
    /// <param name="cancellationToken">Stops between two statements.</param>
    /// <exception cref="ServerPreparationException">The user is no superuser, or the provisioner is one.</exception>
    /// <exception cref="NpgsqlException">The server does not answer, or refuses.</exception>
    public static async Task RunAsync(string superuser, Provisioner provisioner, bool everyDatabase = false, CancellationToken cancellationToken = default)
    {
        await using var connection = await OpenAsync(superuser, DatabaseServers.Maintenance, cancellationToken);
        await RefuseAsync(connection, provisioner, cancellationToken);
        // Another process may be preparing the same server.
        await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_lock(hashtextextended('saga prepare', 3))", cancellationToken: cancellationToken));
        foreach (var database in Steps(provisioner).GroupBy(s => s.Database, StringComparer.Ordinal))
            await RunAsync(superuser, database.Key, database, cancellationToken);
        await RunAsync(connection, [ServerTakeover.Roles(provisioner), ServerTakeover.Members(provisioner), ServerTakeover.Databases(provisioner)], cancellationToken);
        foreach (var database in await ServerTakeover.ListAsync(connection, provisioner, everyDatabase, cancellationToken))
            await RunAsync(superuser, database, ServerTakeover.Inside(database, provisioner), cancellationToken);
        await RunAsync(connection, [Finished], cancellationToken);
    }

    /// <summary>The same for a new server, as a script for psql. It contains a hash of the password, not the password.</summary>
    public static string Script(Provisioner provisioner)
    {
        var script = new StringBuilder("-- Run as superuser, with: psql --set=ON_ERROR_STOP=1\n");
        var database = "";
        foreach (var step in Steps(provisioner).Append(Finished))
        {
            if (step.Database != database)
                script.Append("\\connect ").Append(database = step.Database).Append('\n');
            script.Append(step.Sql.TrimEnd(';')).Append(step.IsGenerator ? "\n\\gexec\n" : ";\n");
        }

        return script.ToString();
    }

    private static PreparationStep[] Steps(Provisioner provisioner)
    {
        var (name, mover) = (Sql.Name(provisioner.Name), Sql.Name(PreparedNames.Mover));
        var password = provisioner.Password is null ? "" : $" password {Sql.Text(ScramVerifier.Create(provisioner.Password))}";
        return
        [
            Maintenance(
                $"""
                do $do$ begin
                    if not exists (select from pg_roles where rolname = {Sql.Text(provisioner.Name)}) then create role {name}; end if;
                    if not exists (select from pg_roles where rolname = {Sql.Text(PreparedNames.Mover)}) then create role {mover}; end if;
                end $do$
                """),
            Maintenance($"alter role {name} with login createdb createrole nosuperuser noreplication nobypassrls inherit{password}"),
            Maintenance($"alter role {mover} with nologin bypassrls nocreatedb nocreaterole nosuperuser noreplication inherit"),
            Maintenance($"grant pg_signal_backend, {mover} to {name}"),
            Maintenance($"grant set on parameter session_replication_role to {mover}"),
            Maintenance($"grant connect on database {DatabaseServers.Maintenance} to {name}"),
            new(DatabaseServers.Maintenance,
                $"select 'create database {PreparedNames.Blank} template template0 encoding ''UTF8'' connection limit 0' where not exists (select from pg_database where datname = '{PreparedNames.Blank}')",
                IsGenerator: true),
            // From now until the last step it is not complete, and nobody copies it.
            Maintenance($"alter database {PreparedNames.Blank} with is_template false allow_connections true"),
            new(DatabaseServers.Maintenance,
                "select format('revoke connect, temporary on database %I from public', datname) from pg_database where datname <> 'template0' order by datname",
                IsGenerator: true),
            new(PreparedNames.Blank, OpenFunctions.GrantTo(provisioner.Name)),
            new(PreparedNames.Blank, OpenFunctions.Statement),
        ];
    }

    private static PreparationStep Finished => Maintenance($"alter database {PreparedNames.Blank} with is_template true allow_connections false");

    private static PreparationStep Maintenance(string sql) => new(DatabaseServers.Maintenance, sql);

    private static async Task RefuseAsync(NpgsqlConnection connection, Provisioner provisioner, CancellationToken cancellationToken)
    {
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select rolsuper from pg_roles where rolname = current_user", cancellationToken: cancellationToken)))
        {
            throw new ServerPreparationException("Only a superuser can prepare a database server, and this user is none.");
        }

        if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "select exists (select from pg_roles where rolname = @Name and rolsuper)", new { provisioner.Name }, cancellationToken: cancellationToken)))
        {
            throw new ServerPreparationException(
                $"{provisioner.Name} is a superuser, and workers shall not be one. Name another role for them, such as {Provisioner.DefaultName}; it need not exist.");
        }
    }

    private static async Task RunAsync(string superuser, string database, IEnumerable<PreparationStep> steps, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(superuser, database, cancellationToken);
            await RunAsync(connection, steps, cancellationToken);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            // Dropped since it was listed.
        }
    }

    private static async Task RunAsync(NpgsqlConnection connection, IEnumerable<PreparationStep> steps, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            if (!step.IsGenerator)
            {
                await connection.ExecuteAsync(new CommandDefinition(step.Sql, cancellationToken: cancellationToken));
                continue;
            }

            foreach (var statement in await connection.QueryAsync<string>(new CommandDefinition(step.Sql, cancellationToken: cancellationToken)))
                await ExecuteUnlessGoneAsync(connection, statement, cancellationToken);
        }
    }

    // Databases and roles come and go while workers run.
    private static async Task ExecuteUnlessGoneAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken)
    {
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(statement, cancellationToken: cancellationToken));
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.UndefinedObject)
        {
            // Dropped since it was listed.
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(string superuser, string database, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(superuser) { Database = database, Pooling = false, ApplicationName = "saga-prepare" }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
