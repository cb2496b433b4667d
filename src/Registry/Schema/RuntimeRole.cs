using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saga.Registry.Schema;

/// <summary>
/// The role that may read the views of <c>runtime_v1</c> and nothing else. It has no login; product services' logins are members.
/// Checked at every start, because a restored database may be in a cluster without the role.
/// </summary>
internal sealed partial class RuntimeRole(string role, ILogger? log)
{
    /// <summary>Creates the role and grants missing rights if this user may do so; otherwise logs the statements to run.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await ClusterRole.EnsureAsync(connection, role, cancellationToken))
        {
            if (log is not null)
                LogMissing(log, role, await GrantsAsync(connection, cancellationToken));
            return;
        }

        if (await LacksAsync(connection, cancellationToken))
        {
            await connection.ExecuteAsync(new CommandDefinition(await GrantsAsync(connection, cancellationToken), cancellationToken: cancellationToken));
            // If the user does not own the database, the server only returns a warning.
            if (log is not null && await LacksAsync(connection, cancellationToken))
                LogNotGranted(log, role, await GrantsAsync(connection, cancellationToken));
        }
    }

    private Task<bool> LacksAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select not has_database_privilege(@role, current_database(), 'connect') or not has_schema_privilege(@role, 'runtime_v1', 'usage')
                or exists (select from pg_class where relnamespace = 'runtime_v1'::regnamespace and relkind = 'v' and not has_table_privilege(@role, oid, 'select'))
            """,
            new { role }, cancellationToken: cancellationToken));

    private async Task<string> GrantsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var database = await connection.ExecuteScalarAsync<string>(new CommandDefinition("select quote_ident(current_database())", cancellationToken: cancellationToken));
        return $"grant connect on database {database} to {Quoted}; grant usage on schema runtime_v1 to {Quoted}; grant select on all tables in schema runtime_v1 to {Quoted};";
    }

    private string Quoted => ClusterRole.Quote(role);

    [LoggerMessage(1901, LogLevel.Warning,
        "The role {Role} does not exist and the registry's user may not create roles, so product services cannot read the registry. A superuser should run: CREATE ROLE {Role} NOLOGIN; {Grants}")]
    private static partial void LogMissing(ILogger log, string role, string grants);

    [LoggerMessage(1902, LogLevel.Warning, "The role {Role} cannot read the registry's views, and the registry's user may not grant that. The database's owner should run: {Grants}")]
    private static partial void LogNotGranted(ILogger log, string role, string grants);
}
