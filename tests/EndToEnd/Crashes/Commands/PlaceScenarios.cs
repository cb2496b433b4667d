using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Host.Embedded;
using Saga.Lifecycle.Adopt;
using Saga.Lifecycle.RemoveCopies;
using Saga.Lifecycle.Update;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Commands that change a tenant's place.</summary>
internal static class PlaceScenarios
{
    private static readonly Lazy<Task<(PrivatePostgres Primary, PrivatePostgres Replica)>> Replicated = new(async () =>
    {
        var primary = await World.NewPostgresAsync();
        return (primary, await PostgresStandby.StartAsync(primary, "max_connections=600"));
    });

    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(RemoveCopyPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync();
            await site.DoneAsync(new MigrateTenant { TenantId = tenant, TargetPlan = "premium", Isolation = "schema", MigrationOptions = new() { Downtime = true } });
            var copy = await site.ScalarAsync<Guid>("select id from placements where tenant_id = @Value and state = 'kept'", new { tenant.Value });
            return new(new RemoveCopy { TenantId = tenant, PlacementId = copy }, () => RequirePlacesAsync(site, tenant, "gone current"))
            {
                UndoneAsync = () => RequirePlacesAsync(site, tenant, "kept current"),
            };
        }),
        new(UpgradeWorkflow.Definition, async site =>
        {
            var tenant = await site.TenantAsync("enterprise");
            var (database, schema) = await PlaceAsync(site, tenant.Value);
            // As if it had been made before the product's last file, which may run twice.
            await using var connection = await CrashRows.OpenAsync(site, database, "public");
            var newest = await connection.ExecuteScalarAsync<int>($"delete from {schema}.schema_migrations where version = (select max(version) from {schema}.schema_migrations) returning version");
            await site.ScalarAsync<int>(
                "delete from tenant_migrations where tenant_id = @Value and version = @newest; update placements set schema_version = @newest - 1 where tenant_id = @Value", new { tenant.Value, newest });
            return new(new UpgradePlace { TenantId = tenant, Server = "main", Database = database, Schema = schema, TargetVersion = newest }, () => RequireVersionAsync(newest))
            {
                UndoneAsync = () => RequireVersionAsync(newest - 1),
            };

            async Task RequireVersionAsync(int version)
            {
                await using var inside = await CrashRows.OpenAsync(site, database, "public");
                (await inside.ExecuteScalarAsync<int>($"select max(version) from {schema}.schema_migrations")).ShouldBe(version);
                (await inside.ExecuteScalarAsync<int>($"select count(*)::int from {schema}.schema_migrations")).ShouldBe(version);
                (await site.ScalarAsync<int>("select schema_version from placements where tenant_id = @Value and state = 'current'", new { tenant.Value })).ShouldBe(version);
                (await site.ScalarAsync<int>("select count(*)::int from tenant_migrations where tenant_id = @Value", new { tenant.Value })).ShouldBe(version);
            }
        }),
        new(RehearsalPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync("premium");
            var (database, schema) = await PlaceAsync(site, tenant.Value);
            // As if it had been made before the product's last file, which may run twice.
            await using var connection = await CrashRows.OpenAsync(site, database, "public");
            var newest = await connection.ExecuteScalarAsync<int>($"delete from {schema}.schema_migrations where version = (select max(version) from {schema}.schema_migrations) returning version");
            await site.ScalarAsync<int>(
                "delete from tenant_migrations where tenant_id = @Value and version = @newest; update placements set schema_version = @newest - 1 where tenant_id = @Value", new { tenant.Value, newest });
            return new(new RehearseUpgrade { TenantId = tenant, Server = "main", Database = database, Schema = schema, TargetVersion = newest }, () => RequireUntouchedAsync("completed t"))
            {
                UndoneAsync = () => RequireUntouchedAsync("failed f"),
            };

            async Task RequireUntouchedAsync(string backup)
            {
                await using var inside = await CrashRows.OpenAsync(site, database, "public");
                (await inside.ExecuteScalarAsync<int>($"select max(version) from {schema}.schema_migrations")).ShouldBe(newest - 1);
                (await site.ScalarAsync<int>("select schema_version from placements where tenant_id = @Value and state = 'current'", new { tenant.Value })).ShouldBe(newest - 1);
                (await site.ScalarAsync<string>("select string_agg(concat_ws(' ', state, proven_at is not null), ', ') from backups where tenant_id = @Value", new { tenant.Value })).ShouldBe(backup);
                (await site.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
                (await inside.ExecuteScalarAsync<long>("select count(*) from pg_database where datname like 'restored\\_%'")).ShouldBe(0);
            }
        }),
        // Of another installation on the same server, whose registry knows nothing of it.
        new(AdoptWorkflow.Definition, async site =>
        {
            var (tenant, database, schema) = await site.ElsewhereAsync(async other =>
            {
                var made = await other.TenantAsync("enterprise");
                var (placed, of) = await PlaceAsync(other, made.Value);
                return (made, placed, of);
            });
            var before = await DescribeAsync(site, database);
            var slug = $"adopted-{tenant.Compact[^12..]}";
            var command = new AdoptTenant
            {
                Name = "Adopted", Slug = slug, Plan = "enterprise", AdminEmail = $"ada@{slug}.example", Server = "main", Database = database, Schema = schema, Isolation = "database", TenantId = tenant.ToString(),
            };
            return new(command, async () =>
            {
                (await site.ScalarAsync<string>("select status from tenants where id = @Value", new { tenant.Value })).ShouldBe("active");
                (await site.ScalarAsync<string>("select string_agg(state || ' ' || database, ' ') from placements where tenant_id = @Value", new { tenant.Value })).ShouldBe($"current {database}");
                (await AccessFacts.ReadAsync(site.Site, tenant)).IsOpen.ShouldBeTrue();
                (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'tenant.activate'", new { tenant.Value })).ShouldBeLessThanOrEqualTo(1);
            })
            {
                UndoneAsync = async () =>
                {
                    (await site.ScalarAsync<string>("select status from tenants where id = @Value", new { tenant.Value })).ShouldBe("failed");
                    (await site.ScalarAsync<long>(
                        """
                        select (select count(*) from tenant_keys where tenant_id = @Value) + (select count(*) from tenant_credentials where tenant_id = @Value)
                            + (select count(*) from tenant_settings where tenant_id = @Value) + (select count(*) from placements where tenant_id = @Value and state <> 'gone')
                        """,
                        new { tenant.Value })).ShouldBe(0);
                    site.Site.Keycloak.Organizations.ShouldNotContain(o => o.Alias == slug);
                    (await DescribeAsync(site, database)).ShouldBe(before, "the place is as it was found");
                },
            };
        })
        { HasUsualNames = false, IsAlone = true },
        new(UpdateWorkflow.WithReplica[0], site => ReplicaAsync(site, on: true)) { Name = "replica-on", ServersAsync = ServersAsync, ConfigureAsync = WithReplicaAsync, HasUsualNames = false },
        new(UpdateWorkflow.WithReplica[1], site => ReplicaAsync(site, on: false)) { Name = "replica-off", ServersAsync = ServersAsync, ConfigureAsync = WithReplicaAsync, HasUsualNames = false },
    ];

    private static async Task<SiteServer[]> ServersAsync() => [new("main", (await Replicated.Value).Primary.ConnectionString("postgres"))];

    private static async Task WithReplicaAsync(Site site)
    {
        site.Settings["Saga:Databases:Servers:main:Replicas:b:Host"] = "127.0.0.1";
        site.Settings["Saga:Databases:Servers:main:Replicas:b:Port"] = (await Replicated.Value).Replica.Port.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<PreparedCommand> ReplicaAsync(CrashSite site, bool on)
    {
        var tenant = await site.TenantAsync();
        if (!on)
            await site.DoneAsync(await TurnAsync(site, tenant, on: true));
        return new(await TurnAsync(site, tenant, on), async () =>
        {
            (await site.ScalarAsync<bool>("select read_replica from tenants where id = @Value", new { tenant.Value })).ShouldBe(on);
            (await LoginsAsync(site, tenant.Compact)).ShouldBe(on ? 1 : 0);
            (await site.ScalarAsync<long>("select count(*) from tenant_credentials where tenant_id = @Value and purpose like 'replica%'", new { tenant.Value })).ShouldBe(on ? 1 : 0);
        })
        {
            UndoneAsync = async () =>
            {
                (await site.ScalarAsync<bool>("select read_replica from tenants where id = @Value", new { tenant.Value })).ShouldBe(!on);
                (await LoginsAsync(site, tenant.Compact)).ShouldBe(on ? 0 : 1);
            },
        };
    }

    private static async Task<UpdateTenant> TurnAsync(CrashSite site, TenantId tenant, bool on) =>
        Updates.Command((await new TenantStore(site.Site.Registry).FindAsync(tenant))!, on ? """{"readReplica":true}""" : """{"readReplica":false}""");

    private static async Task<long> LoginsAsync(CrashSite site, string tenant)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(site.Site.Servers[0].ConnectionString) { Pooling = false }.ConnectionString);
        return await connection.ExecuteScalarAsync<long>("select count(*) from pg_roles where rolname like 't\\_' || @tenant || '\\_r%'", new { tenant });
    }

    private static async Task RequirePlacesAsync(CrashSite site, TenantId tenant, string states) =>
        (await site.ScalarAsync<string>("select string_agg(state, ' ' order by epoch) from placements where tenant_id = @Value", new { tenant.Value })).ShouldBe(states);

    // Whose everything in a place is, who may do what, and what the place says of itself.
    private static async Task<string> DescribeAsync(CrashSite site, string database)
    {
        await using var connection = await CrashRows.OpenAsync(site, database, "public");
        return (await connection.ExecuteScalarAsync<string>(
            """
            select concat_ws(E'\n', (select concat_ws(' ', datdba::regrole, datconnlimit, datacl) from pg_database where datname = current_database()),
                (select string_agg(concat_ws(' ', nspname, nspowner::regrole, nspacl), E'\n' order by nspname) from pg_namespace where nspname !~ '^(pg_|information_schema)'),
                (select string_agg(concat_ws(' ', c.oid::regclass, relowner::regrole, relrowsecurity, relforcerowsecurity, relacl), E'\n' order by c.oid::regclass::text)
                    from pg_class c where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'),
                (select string_agg(p::text, E'\n' order by p::text) from pg_policies p), (select string_agg(p::text, E'\n') from saga.place p))
            """))!;
    }

    private static async Task<(string Database, string Schema)> PlaceAsync(CrashSite site, Guid tenant)
    {
        await using var registry = await site.Site.Registry.OpenConnectionAsync();
        return await registry.QuerySingleAsync<(string, string)>("select database, schema from placements where tenant_id = @tenant and state = 'current'", new { tenant });
    }
}
