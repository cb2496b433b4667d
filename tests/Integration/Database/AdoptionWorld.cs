using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Adopt;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Names;
using Saga.Registry.Placements;
using Saga.Registry.Plans;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Shouldly;

namespace Saga.Tests.Integration.Database;

/// <summary>A database of the sample product that no registry knows.</summary>
/// <param name="Name">The database.</param>
/// <param name="Schema">The schema with the product's tables.</param>
/// <param name="Tenant">Whose rows it has.</param>
internal sealed record OldDatabase(string Name, string Schema, Guid Tenant);

/// <summary>Databases that exist, and the commands that adopt them.</summary>
internal static class AdoptionWorld
{
    public static readonly string[] BeforePivot = [StepNames.ReserveAdopted, StepNames.InspectPlace, StepNames.TakePlace, StepNames.Verify];

    /// <summary>
    /// Made by hand with a role of its own, as a product's own installation has it: without the schema saga, and with rights, defaults, settings and
    /// objects that the adoption must put back.
    /// </summary>
    /// <param name="world">The server.</param>
    /// <param name="versions">So many versions of the product's schema, at most 3: the fourth needs the schema saga.</param>
    /// <param name="further">Further statements of a superuser, with <c>{0}</c> for the role.</param>
    public static async Task<OldDatabase> MakeAsync(DatabaseWorld world, int versions = 3, string further = "")
    {
        var (name, tenant) = ($"old_{Guid.NewGuid():n}"[..20], Guid.CreateVersion7());
        await ExecuteAsync(world, "postgres", $"create role {name} nologin");
        await ExecuteAsync(world, "postgres", $"create database {name} owner {name} connection limit 0");
        await ExecuteAsync(
            world, "postgres",
            $"""
            revoke connect on database {name} from public;
            grant connect on database {name} to saga_provisioner;
            alter database {name} connection limit 37;
            do $do$ begin
                if current_setting('server_version_num')::int >= 160000 then execute 'grant {name} to saga_provisioner with admin option'; end if;
            end $do$;
            """);
        var migrations = ProductMigrations.Embedded().All.Take(versions).ToList();
        await ExecuteAsync(
            world, name,
            $"""
            {OpenFunctions.GrantTo("saga_provisioner")}
            {OpenFunctions.Statement}
            create schema shop authorization {name};
            set role {name};
            set search_path = shop;
            create table schema_migrations (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
            {string.Concat(migrations.Select(m => $"{m.Sql};\ninsert into schema_migrations (version, name, checksum) values ({m.Version}, '{m.Name}', '{m.Checksum}');\n"))}
            create type colour as enum ('red');
            create sequence numbers;
            create view newest as select title from documents;
            create function twice(n int) returns int language sql return n * 2;
            create policy only_titled on documents as restrictive using (title <> '');
            alter default privileges in schema shop grant select on tables to pg_monitor;
            grant select on users to pg_monitor with grant option;
            reset role;
            -- A superuser passes the policies.
            insert into tenants (tenant_id) values ('{tenant}');
            insert into users (tenant_id, email, display_name) values ('{tenant}', 'a@acme.com', 'A');
            insert into documents (tenant_id, title, author_id) select tenant_id, 'One', id from users;
            {further.Replace("{0}", name, StringComparison.Ordinal)}
            """);
        return new(name, "shop", tenant);
    }

    /// <summary>Made by another installation on the same server, whose registry is gone. It has every version, and the schema saga.</summary>
    public static async Task<OldDatabase> OfAnotherAsync()
    {
        await using var other = await DatabaseWorld.CreateAsync();
        var tenant = await other.ReadyAsync(IsolationTier.Database);
        await other.AddUserAsync(tenant, withDocument: true);
        return new($"tenant_{tenant.Id.Compact}", "product", tenant.Id.Value);
    }

    /// <summary>The steps until the tenant is verified, when rows are copied.</summary>
    public static readonly string[] Copying = [StepNames.Reserve, StepNames.InspectSource, StepNames.Database, StepNames.Migrate, StepNames.CopySource, StepNames.CompareSource];

    /// <summary>A database of the sample product from before it had tenants. The workers' login may read it.</summary>
    /// <param name="world">The server.</param>
    /// <param name="further">Further statements of a superuser, with <c>{0}</c> for the role.</param>
    public static async Task<OldDatabase> MakeSingleAsync(DatabaseWorld world, string further = "")
    {
        var name = $"old_{Guid.NewGuid():n}"[..20];
        await ExecuteAsync(world, "postgres", $"create role {name} nologin");
        await ExecuteAsync(world, "postgres", $"create database {name} owner {name}");
        await ExecuteAsync(world, "postgres", $"revoke connect on database {name} from public; grant connect on database {name} to saga_provisioner;");
        await ExecuteAsync(
            world, name,
            $"""
            create schema shop authorization {name};
            set role {name};
            set search_path = shop;
            create table schema_migrations (id int primary key);
            create table users (display_name text not null, id uuid primary key default gen_random_uuid(), email text not null, created_at timestamptz not null default now());
            create table documents (
                id uuid primary key default gen_random_uuid(), author_id uuid references users, title text not null, body text not null default '',
                created_at timestamptz not null default now(), updated_at timestamptz not null default now());
            create table settings (key text primary key, value jsonb not null, updated_at timestamptz not null default now());
            create sequence numbers;
            insert into users (id, email, display_name) values ('00000000-0000-7000-8000-000000000001', 'a@acme.com', 'A'), ('00000000-0000-7000-8000-000000000002', 'b@acme.com', 'B');
            insert into documents (title, author_id) select 'Of ' || display_name, id from users;
            insert into settings (key, value) values ('colour', '"red"');
            grant usage on schema shop to saga_provisioner;
            grant select on all tables in schema shop to saga_provisioner;
            grant select on all sequences in schema shop to saga_provisioner;
            reset role;
            {further.Replace("{0}", name, StringComparison.Ordinal)}
            """);
        return new(name, "shop", Guid.Empty);
    }

    /// <summary>The command that copies the rows.</summary>
    public static AdoptTenant Copy(OldDatabase old, string slug = "acme", string server = "main") => new()
    {
        Name = $"Tenant {slug}", Slug = slug, Plan = "custom", AdminEmail = "ada@acme.com", Server = server, Database = old.Name, Schema = old.Schema, Isolation = "row",
    };

    public static AdoptTenant Command(OldDatabase old, IsolationTier tier = IsolationTier.Schema, string slug = "acme") => new()
    {
        Name = $"Tenant {slug}", Slug = slug, Plan = "custom", AdminEmail = "ada@acme.com", Server = "main", Database = old.Name, Schema = old.Schema,
        Isolation = tier == IsolationTier.Schema ? "schema" : "database", TenantId = old.Tenant.ToString(),
    };

    public static async Task<SeededTenant> AdoptAsync(DatabaseWorld world, AdoptTenant command)
    {
        var accepted = (await SubmitAsync(world, command)).ShouldBeOfType<CommandAccepted>();
        return new(world.Registry, accepted.TenantId!.Value, accepted.OperationId);
    }

    public static async Task<IntakeOutcome> SubmitAsync(DatabaseWorld world, AdoptTenant command)
    {
        await Seed.ProcessAsync(world.Registry);
        await using (var connection = await world.Registry.OpenConnectionAsync())
            await connection.ExecuteAsync("update processes set orchestrates = true, engine_level = 100");
        return await Intake(world.Registry).SubmitAsync(command, Caller.OfToken("ada"), default);
    }

    public static ICommandIntake<AdoptTenant> Intake(NpgsqlDataSource registry) => Intakes.Of<AdoptTenant, ValidAdoption, AdoptPlan>(
        registry, new(new PlanStore(registry), new TenantNameStore(registry), new TenantStore(registry), new ServerRoomStore(registry), new PlacementStore(registry, null!), new ReservedNames([], [])));

    /// <summary>Runs the steps in order. The verification is that of the place alone.</summary>
    public static async Task RunAsync(DatabaseWorld world, SeededTenant tenant, params IEnumerable<string> steps)
    {
        foreach (var step in steps)
        {
            if (step == StepNames.Verify)
                await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(step), default);
            else if (await world.ExecuteAsync(tenant, step) is { } output)
                await tenant.LeaveAsync(step, output);
        }
    }

    /// <summary>Undoes them, and tells the registry that the operation has ended.</summary>
    public static async Task UndoAsync(DatabaseWorld world, SeededTenant tenant)
    {
        foreach (var step in (string[])[StepNames.MigrateAdopted, StepNames.TakePlace, StepNames.InspectPlace, StepNames.ReserveAdopted])
            await world.CompensateAsync(tenant, step);
        await using var connection = await world.Registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "update operations set state = 'compensated', finished_at = now() where id = @OperationId; delete from operation_scopes where operation_id = @OperationId", new { tenant.OperationId });
    }

    /// <summary>What the catalogue says of the database, its roles and everything in it, and what its tables have. One line each.</summary>
    public static async Task<IReadOnlyList<string>> DescribeAsync(DatabaseWorld world, string database)
    {
        var lines = new List<string>(await world.AdminQueryAsync<string>(database, Catalogue));
        foreach (var table in await world.AdminQueryAsync<string>(
            database, "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') order by 1"))
        {
            lines.AddRange(await world.AdminQueryAsync<string>(database, $"select 'rows of {table} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') from {table} t"));
        }

        return lines;
    }

    public static async Task ExecuteAsync(DatabaseWorld world, string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string Rights(string acl, string kind, string owner) =>
        $"coalesce((select string_agg(format('%s>%s:%s%s', a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable), ',' order by a.grantor::regrole::text, a.grantee::regrole::text, a.privilege_type) from aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) a), '')";

    private static readonly string Catalogue =
        $"""
        select line from (
            select 'database ' || datdba::regrole || ' ' || datconnlimit || ' ' || {Rights("datacl", "d", "datdba")} as line from pg_database where datname = current_database()
            union all select 'schema ' || nspname || ' ' || nspowner::regrole || ' ' || {Rights("nspacl", "n", "nspowner")} from pg_namespace where nspname !~ '^pg_(toast|temp)'
            union all select 'relation ' || c.oid::regclass || ' ' || relkind::text || ' ' || relowner::regrole || ' ' || relrowsecurity || relforcerowsecurity || ' ' || {Rights("relacl", "r", "relowner")}
                from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p', 'v', 'm') and nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_toast'
            union all select 'sequence ' || c.oid::regclass || ' ' || relowner::regrole || ' ' || {Rights("relacl", "s", "relowner")} from pg_class c where relkind = 'S'
            union all select 'column ' || attrelid::regclass || ' ' || attname || ' ' || coalesce(attstattarget, -1) from pg_attribute join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
                where attnum > 0 and relkind = 'r' and nspname not in ('pg_catalog', 'information_schema')
            union all select 'routine ' || p.oid::regprocedure || ' ' || proowner::regrole || ' ' || md5(coalesce(prosrc, '') || coalesce(proconfig::text, '')) || ' ' || {Rights("proacl", "f", "proowner")}
                from pg_proc p join pg_namespace n on n.oid = pronamespace where nspname not in ('information_schema') and (nspname <> 'pg_catalog' or {OpenFunctions.Condition})
            union all select 'type ' || t.oid::regtype || ' ' || typowner::regrole from pg_type t join pg_namespace n on n.oid = typnamespace where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_toast'
            union all select 'policy ' || p::text || coalesce(obj_description((select oid from pg_policy o where o.polname = p.policyname and o.polrelid = format('%I.%I', p.schemaname, p.tablename)::regclass), 'pg_policy'), '') from pg_policies p
            union all select 'default ' || defaclrole::regrole || coalesce(defaclnamespace::regnamespace::text, '') || defaclacl::text from pg_default_acl
            union all select 'member ' || roleid::regrole || ' ' || member::regrole || ' ' || admin_option from pg_auth_members
                where roleid in (select datdba from pg_database where datname = current_database()) or member in (select datdba from pg_database where datname = current_database())
            union all select 'setting ' || setrole::regrole || ' ' || setconfig::text from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database())) lines
        order by line
        """;
}
