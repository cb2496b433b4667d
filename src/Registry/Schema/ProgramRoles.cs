using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saga.Registry.Schema;

/// <summary>
/// The roles of the programs in the registry: <c>saga_api</c>, <c>saga_orchestrator</c> and <c>saga_workers</c>, each with its own rights. They have no
/// login; the programs' logins are members. Checked at every start of a program that may migrate, because a restored database may be in a
/// cluster without the roles.
/// </summary>
internal sealed partial class ProgramRoles(string prefix, ILogger? log)
{
    private readonly (string Role, IReadOnlyList<TableGrant> Grants)[] all =
    [
        ($"{prefix}_api", ProgramGrants.Api), ($"{prefix}_orchestrator", ProgramGrants.Orchestrator), ($"{prefix}_workers", ProgramGrants.Workers),
    ];

    /// <summary>Creates the roles and sets their rights if this user may; otherwise logs the statements, which only installations with separate logins need.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var (role, grants) in all)
        {
            if (!await ClusterRole.EnsureAsync(connection, role, cancellationToken))
            {
                if (log is not null)
                    LogMissing(log, role);
                continue;
            }

            if (!await DiffersAsync(connection, role, grants, cancellationToken))
                continue;
            await connection.ExecuteAsync(new CommandDefinition(await StatementAsync(connection, role, grants, cancellationToken), cancellationToken: cancellationToken));
            // If the user does not own the database, the server only returns a warning.
            if (log is not null && await DiffersAsync(connection, role, grants, cancellationToken))
                LogNotGranted(log, role);
        }
    }

    private static async Task<bool> DiffersAsync(NpgsqlConnection connection, string role, IReadOnlyList<TableGrant> grants, CancellationToken cancellationToken)
    {
        var each = grants.SelectMany(g => g.Each().Select(e => (g.Table, e.Right, e.Column))).ToList();
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            with wanted as (select * from unnest(@tables, @rights, @columns) as g (name, kind, part)),
            tables as (
                select c.oid, c.relname::text as name, c.relacl from pg_class c
                where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v')),
            granted as (
                select t.name, lower(a.privilege_type) as kind, null as part, a.grantee from tables t cross join aclexplode(t.relacl) a
                union all
                select t.name, lower(a.privilege_type), c.attname::text, a.grantee
                from tables t join pg_attribute c on c.attrelid = t.oid and not c.attisdropped cross join aclexplode(c.attacl) a),
            actual as (select name, kind, part from granted where grantee = (select oid from pg_roles where rolname = @role))
            select not has_database_privilege(@role, current_database(), 'CONNECT') or not has_schema_privilege(@role, current_schema(), 'USAGE')
                or exists (table wanted except table actual) or exists (table actual except table wanted)
            """,
            new
            {
                role,
                tables = each.Select(e => e.Table).ToArray(),
                rights = each.Select(e => e.Right).ToArray(),
                columns = each.Select(e => e.Column).ToArray(),
            },
            cancellationToken: cancellationToken));
    }

    // What an earlier version granted and this one does not is taken away at the same time.
    private static async Task<string> StatementAsync(NpgsqlConnection connection, string role, IReadOnlyList<TableGrant> grants, CancellationToken cancellationToken)
    {
        var (database, schema) = await connection.QuerySingleAsync<(string, string)>(
            new CommandDefinition("select quote_ident(current_database()), quote_ident(current_schema())", cancellationToken: cancellationToken));
        var quoted = ClusterRole.Quote(role);
        return $"""
            grant connect on database {database} to {quoted};
            grant usage on schema {schema} to {quoted};
            revoke all on all tables in schema {schema} from {quoted};
            {string.Concat(grants.Select(g => g.Statement(quoted)))}
            """;
    }

    [LoggerMessage(2462, LogLevel.Information,
        "The role {Role} does not exist and the registry's user may not create roles. Programs with logins of their own need it: create it as a role without login, and start again.")]
    private static partial void LogMissing(ILogger log, string role);

    [LoggerMessage(2463, LogLevel.Warning, "The role {Role} has other rights in the registry than this version grants, and the registry's user may not set them. Start once as the database's owner.")]
    private static partial void LogNotGranted(ILogger log, string role);
}
