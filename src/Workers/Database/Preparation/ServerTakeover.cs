using Dapper;
using Npgsql;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Preparation;

/// <summary>Hands over to the provisioner what workers created on a server while they were superusers. Everything may be repeated.</summary>
internal static class ServerTakeover
{
    private const string Version16 = "current_setting('server_version_num')::int >= 160000";

    // The roles that workers create.
    private const string Ours = "(r.rolname ~ '^t_[0-9a-f]{32}' or r.rolname ~ '^saga_(rows|schemas_[0-9]+|adopted_[0-9a-f]+)_(users|owner|runtime)$' or r.rolname = 'saga_template_owner')";

    /// <summary>
    /// Memberships that a role's creator has. From PostgreSQL 16, only a member with the admin option may change a role. Before,
    /// CREATEROLE is enough, but an owner's rights need membership in any version.
    /// </summary>
    public static PreparationStep Roles(Provisioner provisioner) => new(
        DatabaseServers.Maintenance,
        $"""
        select format('grant %I to %I%s', r.rolname, {Sql.Text(provisioner.Name)}, case when {Version16} then ' with admin option' end)
        from pg_roles r
        where {Ours} and ({Version16} or r.rolname ~ '_(owner|runtime)$')
          and not exists (
              select from pg_auth_members m join pg_roles p on p.oid = m.member
              where m.roleid = r.oid and p.rolname = {Sql.Text(provisioner.Name)} and (m.admin_option or not {Version16}))
        union all
        select format('grant %I to %I', r.rolname, '{PreparedNames.Mover}')
        from pg_roles r
        where {Ours} and r.rolname ~ '_owner$' and r.rolname <> 'saga_template_owner'
          and not exists (select from pg_auth_members m join pg_roles p on p.oid = m.member where m.roleid = r.oid and p.rolname = '{PreparedNames.Mover}')
        """,
        IsGenerator: true);

    /// <summary>
    /// Tenants' logins are members of shared roles by the provisioner's grant only, and cannot become them. From PostgreSQL 16, a
    /// membership belongs to who granted it, and the provisioner cannot take SET ROLE out of a superuser's grant. Before, it can.
    /// </summary>
    public static PreparationStep Members(Provisioner provisioner) => new(
        DatabaseServers.Maintenance,
        $"""
        select s.statement
        from pg_auth_members a join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.grantor
        cross join lateral (values
            (1, format('grant %I to %I with inherit true, set false granted by %I', r.rolname, m.rolname, {Sql.Text(provisioner.Name)})),
            (2, format('revoke %I from %I granted by %I', r.rolname, m.rolname, g.rolname))) s (step, statement)
        where {Version16} and r.rolname ~ '^saga_(rows|schemas_[0-9]+|adopted_[0-9a-f]+)_users$' and m.rolcanlogin and m.rolname ~ '^t_[0-9a-f]' and g.rolname <> {Sql.Text(provisioner.Name)}
        order by s.step, s.statement
        """,
        IsGenerator: true);

    /// <summary>
    /// The databases that tenants share change their owner. Templates and warm databases are dropped, because workers make new ones. The
    /// connection limit of a tenant's database did not count superusers, but it counts the provisioner.
    /// </summary>
    public static PreparationStep Databases(Provisioner provisioner) => new(
        DatabaseServers.Maintenance,
        $"""
        select s.statement
        from pg_database d join pg_roles o on o.oid = d.datdba
        cross join lateral (values
            (1, format('alter database %I owner to %I', d.datname, {Sql.Text(provisioner.Name)}), o.rolsuper and d.datname ~ '^saga_(rows|schemas_[0-9]+)$'),
            (1, format('alter database %I connection limit -1', d.datname), d.datconnlimit > 0 and d.datname ~ '^tenant_[0-9a-f]{"{32}"}'),
            (1, format('alter database %I with is_template false', d.datname), o.rolsuper and d.datname ~ '^saga_template_v'),
            (2, format('drop database %I with (force)', d.datname), o.rolsuper and d.datname ~ '^saga_(template|spare)_v')) s (step, statement, applies)
        where s.applies
        order by s.step, d.datname
        """,
        IsGenerator: true);

    /// <summary>The product databases that are not handed over, or all.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(NpgsqlConnection connection, Provisioner provisioner, bool all, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition(
            """
            select d.datname::text from pg_database d
            where d.datallowconn and d.datconnlimit <> -2 and d.datname ~ '^(saga_rows$|saga_schemas_[0-9]+$|tenant_[0-9a-f]{32})'
              and (@all or not exists (
                  select from pg_shdepend owned join pg_roles p on p.oid = owned.refobjid
                  where owned.dbid = d.oid and owned.classid = 'pg_namespace'::regclass and owned.deptype = 'o'
                    and owned.refclassid = 'pg_authid'::regclass and p.rolname = @Name))
            order by 1
            """,
            new { provisioner.Name, all }, cancellationToken: cancellationToken))];

    /// <summary>The schema <c>saga</c> changes its owner, last and at once. The functions that no tenant may call are closed before.</summary>
    public static IReadOnlyList<PreparationStep> Inside(string database, Provisioner provisioner)
    {
        var name = Sql.Text(provisioner.Name);
        return
        [
            new(database, OpenFunctions.GrantTo(provisioner.Name)),
            new(database, OpenFunctions.Statement),
            new(
                database,
                $"""
                do $do$ declare statement text; begin
                    for statement in
                        select format('alter table %s owner to %I', oid::regclass, {name}) from pg_class where relnamespace = to_regnamespace('saga') and relkind in ('r', 'p')
                        union all
                        select format('alter view %s owner to %I', oid::regclass, {name}) from pg_class where relnamespace = to_regnamespace('saga') and relkind = 'v'
                        union all
                        select format('alter function %s owner to %I', oid::regprocedure, {name}) from pg_proc where pronamespace = to_regnamespace('saga')
                        union all
                        select format('alter schema saga owner to %I', {name}) where to_regnamespace('saga') is not null
                    loop
                        execute statement;
                    end loop;
                end $do$
                """),
        ];
    }
}
