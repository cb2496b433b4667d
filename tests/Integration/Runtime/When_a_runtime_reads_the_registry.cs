using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Runtime;

/// <summary>What a product service's login may do in the registry, according to the server itself.</summary>
[IsolationSuite]
public sealed class When_a_runtime_reads_the_registry : IAsyncLifetime
{
    private static readonly string[] Views = ["credentials", "holds", "hosts", "keys", "limits", "placements", "pools", "replicas", "settings", "tenants"];
    private NpgsqlDataSource registry = null!;
    private NpgsqlDataSource runtime = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        runtime = NpgsqlDataSource.Create(RuntimeLogin.On(registry.ConnectionString));
    }

    public async ValueTask DisposeAsync()
    {
        await runtime.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_read_every_view()
    {
        await using var connection = await runtime.OpenConnectionAsync();

        foreach (var view in Views)
            await connection.ExecuteAsync($"select * from runtime_v1.{view}");
        (await ReadAsync<string>("select table_name from information_schema.views where table_schema = 'runtime_v1' order by 1")).ShouldBe(Views);
    }

    [Fact]
    public async Task Should_read_nothing_else()
    {
        var others = await ReadAsync<string>(
            """
            select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname not in ('runtime_v1', 'information_schema', 'pg_catalog', 'pg_toast') and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
            """);
        others.ShouldContain("tenant_keys");

        foreach (var other in others)
            (await RefusedAsync($"select * from {other}")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege, other);
    }

    [Fact]
    public async Task Should_write_nothing()
    {
        // Some views are not updatable whatever was granted, so check the grants too.
        await using var connection = await runtime.OpenConnectionAsync();
        foreach (var view in Views)
            (await connection.ExecuteScalarAsync<bool>($"select has_table_privilege('runtime_v1.{view}', 'insert, update, delete, truncate, references, trigger')")).ShouldBeFalse(view);
        (await RefusedAsync("delete from runtime_v1.tenants")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await RefusedAsync("update runtime_v1.tenants set plan = 'basic'")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await RefusedAsync("create table runtime_v1.mine (id int)")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await RefusedAsync("create view runtime_v1.mine as select 1")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task Should_not_be_served_by_functions_that_run_with_another_users_rights()
    {
        var functions = await ReadAsync<string>(
            """
            select format('%s(%s)', p.oid::regproc, (select string_agg('null', ', ') from generate_series(1, p.pronargs)))
            from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname not in ('pg_catalog', 'information_schema') and p.prosecdef
            """);

        functions.ShouldNotBeEmpty();
        foreach (var function in functions)
            (await RefusedAsync($"select {function}")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege, function);
    }

    [Theory]
    [InlineData(TenantStatus.Failed)]
    [InlineData(TenantStatus.Deprovisioned)]
    public async Task Should_not_see_a_tenant_that_is_gone(TenantStatus status)
    {
        var live = await FullTenantAsync("live", TenantStatus.Active);
        await FullTenantAsync("gone", status);

        (await SeenAsync("id", "tenants")).ShouldBe([live]);
        foreach (var view in Views.Except(["tenants"]))
            (await SeenAsync("tenant_id", view)).ShouldBe([live], view);
    }

    [Fact]
    public async Task Should_not_see_it_through_a_function_that_the_planner_calls_first()
    {
        await FullTenantAsync("gone", TenantStatus.Deprovisioned);
        // The registry refuses temporary objects. The views must hide rows even where somebody permitted them.
        await WriteAsync("do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$");
        await using var connection = await runtime.OpenConnectionAsync();
        var told = new List<string>();
        connection.Notice += (_, e) => told.Add(e.Notice.MessageText);
        await connection.ExecuteAsync(
            """
            create function pg_temp.tell(what text) returns boolean language plpgsql cost 0.0000001 as $$
            begin raise notice 'told %', what; return true; end $$
            """);

        await connection.ExecuteAsync("select * from runtime_v1.tenants where pg_temp.tell(slug)");
        await connection.ExecuteAsync("select * from runtime_v1.credentials where pg_temp.tell(purpose || username)");

        told.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_see_a_credential_whose_purpose_is_not_a_runtimes()
    {
        var tenant = await FullTenantAsync("live", TenantStatus.Active);
        await WriteAsync($"insert into tenant_credentials (tenant_id, purpose, username, sealed) values ('{tenant}', 'migrator', 'm', '')");

        await using var connection = await runtime.OpenConnectionAsync();
        (await connection.QueryAsync<string>("select purpose from runtime_v1.credentials order by 1")).ShouldBe(["cache", "database"]);
    }

    [Theory]
    [InlineData("closed", "suspended")]
    [InlineData("readOnly", "active")]
    public async Task Should_see_a_tenant_as_suspended_while_a_hold_closes_it(string effect, string status)
    {
        var tenant = await FullTenantAsync("live", TenantStatus.Active);
        await WriteAsync($"insert into holds (tenant_id, code, effect, actor, reason) values ('{tenant}', 'abuse', '{effect}', 'ada', 'Spam.')");

        await using var connection = await runtime.OpenConnectionAsync();
        (await connection.ExecuteScalarAsync<string>("select status from runtime_v1.tenants")).ShouldBe(status);
        (await connection.QueryAsync<(Guid, string, string)>("select tenant_id, code, effect from runtime_v1.holds order by code"))
            .ShouldBe([(tenant, "abuse", effect), (tenant, "limitExceeded", "noGrowth")]);
    }

    [Fact]
    public async Task Should_see_where_a_tenant_is()
    {
        var tenant = await FullTenantAsync("live", TenantStatus.Active);

        await using var connection = await runtime.OpenConnectionAsync();
        var place = await connection.QuerySingleAsync<(Guid Tenant, string Server, string Host, int Port, string Database, string Schema, long Epoch)>(
            "select tenant_id, server, host, port, database, schema, epoch from runtime_v1.placements");
        place.ShouldBe((tenant, "main", "127.0.0.1", 5432, "saga_shared_0001", "product", 1));
    }

    [Fact]
    public async Task Should_see_the_current_place_only_of_a_tenant_that_moves()
    {
        var tenant = await FullTenantAsync("live", TenantStatus.Active);
        await WriteAsync(
            $"""
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, state)
            select gen_random_uuid(), tenant_id, 2, server, 'elsewhere', schema, tier, login, 'building' from placements
            """);
        (await PlacesAsync()).ShouldBe([(tenant, "saga_shared_0001", 1)]);

        await WriteAsync("update placements set state = 'kept' where epoch = 1; update placements set state = 'current' where epoch = 2");

        (await PlacesAsync()).ShouldBe([(tenant, "elsewhere", 2)]);
    }

    [Fact]
    public async Task Should_see_where_a_tenant_is_built_that_has_no_place_yet()
    {
        var tenant = await FullTenantAsync("new", TenantStatus.Provisioning);

        (await PlacesAsync()).ShouldBe([(tenant, "saga_shared_0001", 1)]);
    }

    /// <summary>A tenant with a row in every table that a view reads.</summary>
    private async Task<Guid> FullTenantAsync(string slug, TenantStatus status)
    {
        var tenant = await Seed.TenantAsync(registry, slug, placement: new Placement("main", "saga_shared_0001", "product"), status: status);
        await WriteAsync(
            $"""
            insert into tenant_keys (tenant_id, master_key_id, wrapped) values ('{tenant.Id}', 'k1', '');
            insert into tenant_runtime_keys (tenant_id, runtime_key_id, wrapped) values ('{tenant.Id}', 'r1', '');
            insert into tenant_credentials (tenant_id, purpose, username, sealed) select '{tenant.Id}', p, 'u', '' from unnest(array['database', 'cache']) p;
            insert into server_replicas (server, name, host, port) values ('main', 'near', 'replica.example.com', 5432) on conflict do nothing;
            insert into tenant_credentials (tenant_id, placement_id, purpose, username, sealed) select '{tenant.Id}', id, 'replica', 'u', '' from placements where tenant_id = '{tenant.Id}';
            update placements set replica_ready = true where tenant_id = '{tenant.Id}';
            insert into tenant_settings (tenant_id, key, value) values ('{tenant.Id}', 'k', '1');
            insert into holds (tenant_id, code, effect, actor, reason) values ('{tenant.Id}', 'limitExceeded', 'noGrowth', 'ada', 'Too much.');
            update tenants set pool_minimum = 1, pool_maximum = 4, read_replica = true where id = '{tenant.Id}';
            """);
        return tenant.Id.Value;
    }

    private async Task<IEnumerable<Guid>> SeenAsync(string column, string view)
    {
        await using var connection = await runtime.OpenConnectionAsync();
        return await connection.QueryAsync<Guid>($"select distinct {column} from runtime_v1.{view}");
    }

    private async Task<IEnumerable<(Guid Tenant, string Database, long Epoch)>> PlacesAsync()
    {
        await using var connection = await runtime.OpenConnectionAsync();
        return await connection.QueryAsync<(Guid, string, long)>("select tenant_id, database, epoch from runtime_v1.placements");
    }

    private async Task<string> RefusedAsync(string sql)
    {
        await using var connection = await runtime.OpenConnectionAsync();
        return (await Should.ThrowAsync<PostgresException>(() => connection.ExecuteAsync(sql))).SqlState;
    }

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql)];
    }

    private async Task WriteAsync(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
