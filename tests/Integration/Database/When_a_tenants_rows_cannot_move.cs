using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_tenants_rows_cannot_move(MoveServers servers) : IClassFixture<MoveServers>
{
    [Fact]
    public async Task Should_not_come_from_tables_without_tenants_where_keys_could_collide()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var source = await MoveWorld.SourceAsync(servers, await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema, rows: 1));
        await world.RegistryAsync<int>("with closed as (update database_servers set accepting = name = 'main' returning 1), freed as (delete from operation_scopes) select count(*)::int from closed");
        var tenant = await AdoptionWorld.AdoptAsync(world, AdoptionWorld.Copy(source, server: "other"));
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        await AdoptionWorld.ExecuteAsync(world, "saga_rows", "create unique index lines on product.typed (line) where id < 0");
        try
        {
            var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.InspectSource))).Failure;

            failure.Code.ShouldBe("key-shared");
            failure.Message.ShouldContain("lines of table typed");
        }
        finally
        {
            await AdoptionWorld.ExecuteAsync(world, "saga_rows", "drop index product.lines");
        }
    }

    [Fact]
    public async Task Should_not_be_switched_when_they_differ()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Database);
        foreach (var step in MoveWorld.Steps[..4])
            await MoveWorld.RunAsync(world, tenant, step);
        await world.AdminQueryAsync<int>("saga_rows", $"update product.kinds set plain = '{{}}' where tenant_id = '{tenant.Id}' and id = 3 returning 1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.CompareRows))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("rows-differ", false));
        failure.Message.ShouldContain("'kinds'");
    }

    [Theory]
    [InlineData(IsolationTier.Schema, "create table {schema}.extra (tenant_id uuid not null, id int)", "has no primary key")]
    [InlineData(IsolationTier.Row, "create table {schema}.extra (tenant_id uuid not null, id int, primary key (id, tenant_id))", "has a primary key that does not begin with tenant_id")]
    public async Task Should_not_move_with_a_table_whose_rows_cannot_be_told_apart(IsolationTier from, string sql, string why)
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, from, IsolationTier.Database, rows: 1);
        foreach (var step in (string[])[StepNames.ReserveMove, StepNames.CreateMove, StepNames.LockPlace])
            await MoveWorld.RunAsync(world, tenant, step);
        var place = (await tenant.ReadAsync()).Current!.Place;
        await AdoptionWorld.ExecuteAsync(world, place.Database, sql.Replace("{schema}", place.Schema, StringComparison.Ordinal));
        try
        {
            var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.CopyRows))).Failure;

            (failure.Code, failure.Transient).ShouldBe(("table-not-movable", false));
            failure.Message.ShouldContain($"Table 'extra' in database '{place.Database}'");
            failure.Message.ShouldContain(why);
        }
        finally
        {
            await AdoptionWorld.ExecuteAsync(world, place.Database, $"drop table {place.Schema}.extra");
        }
    }

    [Fact]
    public async Task Should_not_move_to_tables_that_differ()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Schema, IsolationTier.Database, rows: 1);
        foreach (var step in (string[])[StepNames.ReserveMove, StepNames.CreateMove, StepNames.LockPlace])
            await MoveWorld.RunAsync(world, tenant, step);
        var place = (await tenant.ReadAsync()).Current!.Place;
        await AdoptionWorld.ExecuteAsync(world, place.Database, $"alter table {place.Schema}.parents add column extra int");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.CopyRows))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("tables-differ", false));
        failure.Message.ShouldContain("parents.extra integer is in one of them only");
    }

    [Fact]
    public async Task Should_not_be_routed_to_when_the_tenant_was_routed_elsewhere_meanwhile()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Schema, rows: 1);
        foreach (var step in MoveWorld.Steps.TakeWhile(s => s != StepNames.Switch))
            await MoveWorld.RunAsync(world, tenant, step);
        await world.Registry.ExecuteAsync("update placements set epoch = epoch + 100 where state = 'current'");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.Switch))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("routing-changed", false));
        (await tenant.ReadAsync()).Current!.Tier.ShouldBe(IsolationTier.Row, "it stays where it is");
    }

    [Fact]
    public async Task Should_not_lose_what_they_refer_to()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Schema, IsolationTier.Database);
        var place = (await tenant.ReadAsync()).Placement!;
        await world.AdminQueryAsync<int>(place.Database, $"insert into {place.Schema}.currencies values ('XXX', 'X'); update {place.Schema}.parents set currency = 'XXX' returning 1");
        foreach (var step in MoveWorld.Steps[..3])
            await MoveWorld.RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.CopyRows))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("reference-missing", false));
        failure.Message.ShouldContain("3 rows");
    }

    [Fact]
    public async Task Should_be_refused_on_a_full_server()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Row, IsolationTier.Row, "other");
        await world.Registry.ExecuteAsync("update database_servers set max_tenants = 0 where name = 'other'");

        (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.ReserveMove))).Failure.Code.ShouldBe("server-full");
    }

    [Fact]
    public async Task Should_not_be_copied_while_an_older_session_does_not_end()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Schema, IsolationTier.Database);
        await using var direct = await MoveWorld.SignInAsync(world, tenant);
        var backend = await direct.ExecuteScalarAsync<int>("select pg_backend_pid()");
        foreach (var step in MoveWorld.Steps[..2])
            await MoveWorld.RunAsync(world, tenant, step);
        // The backend is this machine's process, because the server is this test's own.
        UnixSignals.Send(backend, UnixSignals.Stop).ShouldBeTrue();
        try
        {
            (await Should.ThrowAsync<InvalidOperationException>(() => MoveWorld.RunAsync(world, tenant, StepNames.LockPlace))).Message.ShouldContain("does not end");
        }
        finally
        {
            _ = UnixSignals.Send(backend, UnixSignals.Continue);
        }

        await MoveWorld.RunAsync(world, tenant, StepNames.LockPlace);
        await Should.ThrowAsync<NpgsqlException>(() => direct.ExecuteAsync("select 1"), "it was ended");
    }

    [Fact]
    public async Task Should_not_be_moved_beside_a_prepared_transaction()
    {
        await using var world = await MoveWorld.CreateAsync(servers);
        var tenant = await MoveWorld.ActiveAsync(world, IsolationTier.Schema, IsolationTier.Database);
        await using var direct = await MoveWorld.SignInAsync(world, tenant);
        await direct.ExecuteAsync("begin; insert into kinds (id) values (1000); prepare transaction 'later'");
        foreach (var step in MoveWorld.Steps[..2])
            await MoveWorld.RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.LockPlace))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("transaction-prepared", false));
        failure.Message.ShouldContain("'later'");
        await world.CompensateAsync(tenant, StepNames.LockPlace);
        await using var again = await MoveWorld.SignInAsync(world, tenant);
        await again.ExecuteAsync("rollback prepared 'later'");
        await MoveWorld.RunAsync(world, tenant, StepNames.LockPlace);
    }
}
