using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saga.Registry.Schema;

/// <summary>
/// The roles of the programs in the registry: <c>saga_api</c>, <c>saga_orchestrator</c>, <c>saga_workers</c> and, for teams' own workers, <c>saga_steps</c>, each with its own rights. They have no
/// login; the programs' logins are members. Checked at every start of a program that may migrate, because a restored database may be in a
/// cluster without the roles.
/// </summary>
internal sealed partial class ProgramRoles(string prefix, ILogger? log)
{
    private readonly ProgramRole[] all =
    [
        new($"{prefix}_api", ProgramGrants.Api),
        new($"{prefix}_orchestrator", ProgramGrants.Orchestrator),
        // Verification reads what a product service would read.
        new($"{prefix}_workers", ProgramGrants.Workers, ReadsViews: true),
        new($"{prefix}_steps", ProgramGrants.Steps),
    ];

    /// <summary>Creates the roles and sets their rights if this user may; otherwise logs the statements, which only installations with separate logins need.</summary>
    public async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        foreach (var program in all)
        {
            if (!await ClusterRole.EnsureAsync(connection, program.Name, cancellationToken))
            {
                if (log is not null)
                    LogMissing(log, program.Name);
                continue;
            }

            if (!await DiffersAsync(connection, program, cancellationToken))
                continue;
            await connection.ExecuteAsync(new CommandDefinition(await StatementAsync(connection, program, cancellationToken), cancellationToken: cancellationToken));
            // If the user does not own the database, the server only returns a warning.
            if (log is not null && await DiffersAsync(connection, program, cancellationToken))
                LogNotGranted(log, program.Name);
        }
    }

    private static async Task<bool> DiffersAsync(NpgsqlConnection connection, ProgramRole program, CancellationToken cancellationToken)
    {
        var each = program.Grants.SelectMany(g => g.Each().Select(e => (g.Table, e.Right, e.Column))).ToList();
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
                or @views and (not has_schema_privilege(@role, 'runtime_v1', 'USAGE') or exists (
                    select from pg_class where relnamespace = 'runtime_v1'::regnamespace and relkind = 'v' and not has_table_privilege(@role, oid, 'SELECT')))
                or exists (table wanted except table actual) or exists (table actual except table wanted)
            """,
            new
            {
                role = program.Name,
                views = program.ReadsViews,
                tables = each.Select(e => e.Table).ToArray(),
                rights = each.Select(e => e.Right).ToArray(),
                columns = each.Select(e => e.Column).ToArray(),
            },
            cancellationToken: cancellationToken));
    }

    // What an earlier version granted and this one does not is taken away at the same time.
    private static async Task<string> StatementAsync(NpgsqlConnection connection, ProgramRole program, CancellationToken cancellationToken)
    {
        var (database, schema) = await connection.QuerySingleAsync<(string, string)>(
            new CommandDefinition("select quote_ident(current_database()), quote_ident(current_schema())", cancellationToken: cancellationToken));
        var quoted = ClusterRole.Quote(program.Name);
        return $"""
            grant connect on database {database} to {quoted};
            grant usage on schema {schema} to {quoted};
            revoke all on all tables in schema {schema} from {quoted};
            {string.Concat(program.Grants.Select(g => g.Statement(quoted)))}
            {(program.ReadsViews ? $"grant usage on schema runtime_v1 to {quoted}; grant select on all tables in schema runtime_v1 to {quoted};" : "")}
            """;
    }

    private sealed record ProgramRole(string Name, IReadOnlyList<TableGrant> Grants, bool ReadsViews = false);

    [LoggerMessage(2462, LogLevel.Information,
        "The role {Role} does not exist and the registry's user may not create roles. Programs with logins of their own need it: create it as a role without login, and start again.")]
    private static partial void LogMissing(ILogger log, string role);

    [LoggerMessage(2463, LogLevel.Warning, "The role {Role} has other rights in the registry than this version grants, and the registry's user may not set them. Start once as the database's owner.")]
    private static partial void LogNotGranted(ILogger log, string role);
}
