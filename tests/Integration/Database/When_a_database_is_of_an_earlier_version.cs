using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Workers.Database.Place;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>Uses its own server, because the row tier's database is every test's. Its workers are superusers, as those of the earlier version were.</summary>
public sealed class When_a_database_is_of_an_earlier_version(OwnServer server) : IClassFixture<OwnServer>
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_be_brought_up_to_date_at_start(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, workers: server.ConnectionString);
        var tenant = await ReadyAsync(world, tier);
        var placement = (await tenant.ReadAsync()).Placement!;
        await world.AdminQueryAsync<string>(placement.Database, Earlier(placement.Schema));
        (await CountAsync(world, tenant)).ShouldBe(1, "the runtime works with it as it is");

        (await world.Get<UpdatePlacesAtStart>().UpdateAsync("main", default)).ShouldBe(1);

        (await CountAsync(world, tenant)).ShouldBe(1);
        (await world.AdminQueryAsync<string>(placement.Database, "select mode from saga.place p join saga.logins l using (tenant_id)")).ShouldContain("open");
        await world.AdminQueryAsync<string>(placement.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}'");
        await Should.ThrowAsync<Npgsql.PostgresException>(() => CountAsync(world, tenant));
        (await world.Get<UpdatePlacesAtStart>().UpdateAsync("main", default)).ShouldBe(0);
        (await world.AdminQueryAsync<long>(placement.Database, $"select count(*) from pg_proc where {OpenFunctions.Condition} and has_function_privilege('public', oid, 'EXECUTE')"))
            .ShouldBe([0]);
    }

    [Fact]
    public async Task Should_be_brought_up_to_date_by_the_next_row_tenant()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, workers: server.ConnectionString);
        var tenant = await ReadyAsync(world, IsolationTier.Row);
        await world.AdminQueryAsync<string>("saga_rows", Earlier("product") + "delete from product.schema_migrations where version = 4;");

        await world.ReadyAsync(IsolationTier.Row);

        (await CountAsync(world, tenant)).ShouldBe(1);
        (await world.AdminQueryAsync<long>("saga_rows", $"select count(*) from saga.logins where tenant_id = '{tenant.Id}'")).ShouldBe([1]);
    }

    [Fact]
    public async Task Should_decide_in_one_view_whose_place_a_session_may_use()
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, workers: server.ConnectionString);
        var tenant = await ReadyAsync(world, IsolationTier.Row);
        // The first version repeated the condition of the view saga.here.
        await world.AdminQueryAsync<string>(
            "saga_rows",
            """
            create or replace view saga.readable with (security_barrier) as select tenant_id from saga.place;
            create or replace view saga.writable with (security_barrier) as select tenant_id from saga.place;
            drop table saga.seeds;
            delete from saga.versions where version > 1;
            """);

        (await world.Get<UpdatePlacesAtStart>().UpdateAsync("main", default)).ShouldBe(1);

        (await world.AdminQueryAsync<string>(
            "saga_rows",
            """
            select distinct v.relname || ' ' || t.relname from pg_class v join pg_rewrite r on r.ev_class = v.oid
            join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
            join pg_class t on t.oid = d.refobjid
            where v.oid in ('saga.readable'::regclass, 'saga.writable'::regclass) order by 1
            """)).ShouldBe(["readable here", "writable here"]);
        (await CountAsync(world, tenant)).ShouldBe(1);
    }

    // What the earlier version left: no schema saga, no table for verification, policies on the product's own function, open functions.
    private static string Earlier(string schema) =>
        $"""
        drop table {schema}.saga_probe;
        drop schema saga cascade;
        create or replace function {schema}.current_tenant() returns uuid language sql stable as
            $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;
        do $$ declare t text; begin
            execute 'alter function {schema}.current_tenant() owner to ' || (select nspowner::regrole from pg_namespace where nspname = '{schema}');
            foreach t in array array['tenants', 'users', 'documents', 'settings'] loop
                execute format('alter table {schema}.%I alter tenant_id set default {schema}.current_tenant()', t);
                execute format('create policy own_rows on {schema}.%I using (tenant_id = (select {schema}.current_tenant()))', t);
            end loop;
        end $$;
        grant execute on function pg_advisory_lock(bigint) to public;
        """;

    private static async Task<SeededTenant> ReadyAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await world.AddUserAsync(tenant);
        return tenant;
    }

    private static async Task<long> CountAsync(DatabaseWorld world, SeededTenant tenant)
    {
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        return await session.Connection.ExecuteScalarAsync<long>("select count(*) from users");
    }
}
