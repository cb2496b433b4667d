using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Settings and memberships of roles that a tenant's login can change: its own settings, and those of a shared role whose member it
/// is, after SET ROLE. From PostgreSQL 16, membership does not include SET ROLE. Every call may be repeated.
/// </summary>
internal static class LoginSettings
{
    /// <summary>
    /// A regular expression for the names of tenants' logins: <c>t_</c> and the 32 digits of the tenant's id. A team may have logins whose
    /// names begin in the same way.
    /// </summary>
    public const string Tenants = "^t_[0-9a-f]{32}(_[a-z0-9]+)?$";

    /// <summary>
    /// What somebody changed for the session's login or its groups, one line each. Only the search path of the tenant's own place is
    /// ours, and that the login for replicas reads only. A query that every login may run.
    /// </summary>
    /// <param name="schema">A parameter with the schema of the tenant's place.</param>
    public static string Changed(string schema) =>
        $"""
        select format('role %I has %s', r.rolname, setting)
        from pg_db_role_setting s join pg_roles r on r.oid = s.setrole cross join unnest(s.setconfig) setting
        where pg_has_role(session_user, r.oid, 'member')
          and not (r.rolname = session_user and s.setdatabase = (select oid from pg_database where datname = current_database())
                   and setting in ('search_path=' || {schema}, 'search_path=' || quote_ident({schema}), format('search_path="%s"', {schema})))
          and not (r.rolname = session_user and s.setdatabase = 0 and r.rolname ~ '{ReplicaLogin.Names}' and setting = '{ReplicaLogin.ReadOnly}')
        """;

    /// <summary>Roles that the session's login may become, on servers where that can be refused. A query that every login may run.</summary>
    public const string Becomes =
        """
        select r.rolname::text from pg_roles r
        where r.rolname <> session_user
          and case when current_setting('server_version_num')::int >= 160000 then pg_has_role(session_user, r.oid, 'SET') end
        """;

    /// <summary>Removes all settings of the role, in all databases. The caller then sets those that the role should have.</summary>
    public static string Reset(string role) =>
        $"""
        do $do$
        declare database text;
        begin
            for database in
                select d.datname from pg_db_role_setting s join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
                where r.rolname = {Sql.Text(role)}
            loop
                if database is null then
                    execute format('alter role %I reset all', {Sql.Text(role)});
                else
                    execute format('alter role %I in database %I reset all', {Sql.Text(role)}, database);
                end if;
            end loop;
        end $do$;
        """;

    /// <summary>Makes the login a member that has the role's rights, but cannot become the role where the server can refuse that.</summary>
    public static string Join(string role, string login) =>
        $"""
        do $do$
        begin
            if current_setting('server_version_num')::int >= 160000 then
                execute format('grant %I to %I with inherit true, set false', {Sql.Text(role)}, {Sql.Text(login)});
            else
                execute format('grant %I to %I', {Sql.Text(role)}, {Sql.Text(login)});
            end if;
        end $do$;
        """;

    /// <summary>The settings of the roles that tenants share, which have none: a tenant has changed them.</summary>
    public static Task<IReadOnlyList<ChangedRole>> OfSharedRolesAsync(ServerSession session, CancellationToken cancellationToken) => session.QueryAsync<ChangedRole>(
        $"""
        select r.rolname::text as role, array_to_string(array_agg(setting order by setting), ', ') as settings
        from pg_db_role_setting s join pg_roles r on r.oid = s.setrole cross join unnest(s.setconfig) setting
        where {IsShared}
        group by r.rolname order by r.rolname
        """,
        cancellationToken);

    /// <summary>
    /// Resets what tenants set for their own logins, and returns it. A changed search path of the login's own database stays, because only
    /// the step that creates the place knows the right one; verification finds it.
    /// </summary>
    public static async Task<IReadOnlyList<ChangedRole>> ResetOwnAsync(ServerSession session, CancellationToken cancellationToken)
    {
        var changed = await session.QueryAsync<OwnSetting>(
            $"""
            select r.rolname::text as role, d.datname::text as database, setting as text
            from pg_db_role_setting s join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase cross join unnest(s.setconfig) setting
            where r.rolcanlogin and r.rolname ~ '{Tenants}' and (s.setdatabase = 0 or d.oid is not null)
              and not (setting like 'search\_path=%' and coalesce(d.datname ~ '^(tenant_|saga_)' or exists (
                  -- A database that was adopted may have any name. A login may connect to its own only.
                  select from aclexplode(d.datacl) granted where granted.privilege_type = 'CONNECT' and granted.grantee <> 0 and pg_has_role(r.oid, granted.grantee, 'USAGE')), false))
              and not (s.setdatabase = 0 and r.rolname ~ '{ReplicaLogin.Names}' and setting = '{ReplicaLogin.ReadOnly}')
            order by 1, 2, 3
            """,
            cancellationToken);
        foreach (var setting in changed)
        {
            var place = setting.Database is null ? "" : $" in database {Sql.Name(setting.Database)}";
            await session.ExecuteAsync($"alter role {Sql.Name(setting.Role)}{place} reset {Sql.Name(setting.Text.Split('=')[0])}", cancellationToken);
        }

        return [.. changed.GroupBy(c => c.Role, StringComparer.Ordinal).Select(c => new ChangedRole(c.Key, string.Join(", ", c.Select(s => s.Text))))];
    }

    private sealed record OwnSetting(string Role, string? Database, string Text);

    /// <summary>Takes SET ROLE from the members of shared roles, who may have it from before.</summary>
    public static Task LeaveAsync(ServerSession session, CancellationToken cancellationToken) => session.ExecuteAsync(
        $"""
        do $do$
        declare statement text;
        begin
            if current_setting('server_version_num')::int >= 160000 then
                for statement in execute $list$
                    select distinct format('grant %I to %I with inherit true, set false', r.rolname, m.rolname)
                    from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
                    where {IsShared} and a.set_option and m.rolcanlogin and m.rolname ~ '{Tenants}'
                $list$
                loop
                    execute statement;
                end loop;
            end if;
        end $do$
        """,
        cancellationToken);

    // The roles in SharedRoles that have members with logins.
    private const string IsShared = "r.rolname ~ '^saga_(rows_users|rows_readers|rows_runtime|schemas_[0-9]+_users|adopted_[0-9a-f]+_users)$' and not r.rolcanlogin";
}

/// <param name="Role">The role.</param>
/// <param name="Settings">Its settings in all databases, such as <c>work_mem=64kB</c>.</param>
internal sealed record ChangedRole(string Role, string Settings);
