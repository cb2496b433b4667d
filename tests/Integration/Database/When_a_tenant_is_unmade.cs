using Dapper;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_tenant_is_unmade
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_leave_nothing(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var placement = (await tenant.ReadAsync()).Placement!;
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('a@acme.com', 'A')");
            await session.Connection.ExecuteAsync("insert into documents (title, author_id) select 'One', id from users");
            await session.Connection.ExecuteAsync("insert into settings (key, value) values ('k', '1')");
            await session.CommitAsync(default);
        }

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldNotBeEmpty();
        await world.CompensateAllAsync(tenant);

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        (await RegistryRowsAsync(world, tenant)).ShouldBe(0);
        var failed = await tenant.ReadAsync();
        (failed.Status, failed.Placement, failed.SchemaVersion).ShouldBe((TenantStatus.Failed, null, null));
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_accept_that_nothing_is_there(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(tier);

        await world.CompensateAllAsync(tenant);
        await world.CompensateAllAsync(tenant);

        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Failed);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_accept_a_place_that_was_only_reserved(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(tier);
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        await world.CompensateAllAsync(tenant);

        (await tenant.ReadAsync()).Placement.ShouldBeNull();
    }

    [Fact]
    public async Task Should_wait_for_a_session_that_the_workers_may_not_end()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        var placement = (await tenant.ReadAsync()).Placement!;
        await using (var administrator = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(world.Admin) { Database = placement.Database, Pooling = false }.ConnectionString))
        {
            await administrator.OpenAsync();

            var failure = (await Should.ThrowAsync<StepFailureException>(() => world.CompensateAllAsync(tenant))).Failure;

            (failure.Code, failure.Kind).ShouldBe(("postgresql-in-use", FailureKind.Overload));
            failure.Message.ShouldContain($"{administrator.ProcessID} of {administrator.UserName}");
        }

        // Its session ends a moment after its connection is closed.
        await Until.TrueAsync(
            async () => (await world.AdminQueryAsync<int>("postgres", $"select pid from pg_stat_activity where datname = '{placement.Database}' and usename is not null")).Count == 0,
            "the administrator's session has ended");
        await world.CompensateAllAsync(tenant);
        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_end_existing_sessions(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var placement = (await tenant.ReadAsync()).Placement!;
        await using var intruder = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString);
        await intruder.OpenAsync();

        await world.CompensateAllAsync(tenant);

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        await Should.ThrowAsync<NpgsqlException>(() => intruder.ExecuteAsync("select 1"));
    }

    // Each statement simulates a crash by undoing everything after it.
    [Theory]
    [InlineData(IsolationTier.Row, "revoke saga_rows_users from {0}")]
    [InlineData(IsolationTier.Row, "alter role {0} rename to {0}_gone")]
    [InlineData(IsolationTier.Schema, "alter role {0} nologin; alter role {0} reset all")]
    [InlineData(IsolationTier.Database, "alter database tenant_{1} owner to saga_provisioner")]
    [InlineData(IsolationTier.Database, "drop database tenant_{1}")]
    [InlineData(IsolationTier.Database, "alter database tenant_{1} connection limit 0; grant connect on database tenant_{1} to public; revoke connect on database tenant_{1} from {0}")]
    public async Task Should_undo_and_redo_a_half_made_one(IsolationTier tier, string crash)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (redone, undone) = (await world.ReadyAsync(tier), await world.ReadyAsync(tier));
        var placement = (await undone.ReadAsync()).Placement!;
        foreach (var tenant in (SeededTenant[])[redone, undone])
        {
            await world.Connections.CloseAsync(tenant.Id);
            await world.AdminQueryAsync<string>("postgres", string.Format(crash, $"t_{tenant.Id.Compact}", tenant.Id.Compact));
        }

        await world.ExecuteAsync(redone, StepNames.Database);
        await world.ExecuteAsync(redone, StepNames.Migrate);
        await world.Get<Saga.Workers.Database.DatabaseVerification>().VerifyAsync(await redone.BeginAsync(StepNames.Verify), default);
        await world.CompensateAllAsync(undone);

        if (!crash.Contains("rename", StringComparison.Ordinal))
            (await world.LeftoversAsync(undone.Id, placement)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_never_be_made_after_it(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(tier);
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        var placement = (await tenant.ReadAsync()).Placement!;
        // The shared parts exist, so that the late attempt gets as far as possible.
        await world.ReadyAsync(tier);

        // The late attempt waits for the tenant's lock, like one that was paused there.
        await using var holder = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Database = "postgres", Pooling = false }.ConnectionString);
        await holder.OpenAsync();
        await holder.ExecuteAsync("select pg_advisory_lock(hashtextextended(@Id, 1))", new { Id = tenant.Id.ToString() });
        var late = world.Step(StepNames.Database).ExecuteAsync(await tenant.BeginAsync(StepNames.Database), default);
        await Until.TrueAsync(async () => await holder.ExecuteScalarAsync<bool>(
            "select exists (select 1 from pg_locks where locktype = 'advisory' and not granted and (classid::bigint << 32 | objid::bigint) = hashtextextended(@Id, 1))",
            new { Id = tenant.Id.ToString() }));

        var compensation = await tenant.BeginAsync(StepNames.Database);
        await holder.ExecuteAsync("select pg_advisory_unlock_all()");
        await Should.ThrowAsync<LeaseLostException>(() => late);
        await world.Step(StepNames.Database).CompensateAsync(compensation, default);

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_write_nothing_when_the_lease_is_lost_before(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var stale = await tenant.BeginAsync(StepNames.Database);
        await tenant.BeginAsync(StepNames.Database);
        var placement = (await tenant.ReadAsync()).Placement!;

        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.Database).ExecuteAsync(stale, default));
        await Should.ThrowAsync<LeaseLostException>(() => world.Step(StepNames.Database).CompensateAsync(stale, default));

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldNotBeEmpty();
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
    }

    [Fact]
    public async Task Should_wait_for_a_copy_that_outlived_its_worker()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Database);
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        var placement = (await tenant.ReadAsync()).Placement!;

        // The server session of a killed worker, which still holds the tenant's lock.
        await using var killed = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(TestProvisioner.On(world.Admin)) { Database = "postgres", Pooling = false }.ConnectionString);
        await killed.OpenAsync();
        await killed.ExecuteAsync("select pg_advisory_lock(hashtextextended(@Id, 1))", new { Id = tenant.Id.ToString() });
        var compensation = world.CompensateAsync(tenant, StepNames.Database);
        await Until.TrueAsync(async () => await killed.ExecuteScalarAsync<bool>(
            "select exists (select 1 from pg_locks where locktype = 'advisory' and not granted and (classid::bigint << 32 | objid::bigint) = hashtextextended(@Id, 1))",
            new { Id = tenant.Id.ToString() }));
        await killed.ExecuteAsync($"create database tenant_{tenant.Id.Compact} connection limit 0");
        compensation.IsCompleted.ShouldBeFalse();
        await killed.CloseAsync();
        await compensation;

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
    }

    private static Task<long> RegistryRowsAsync(DatabaseWorld world, SeededTenant tenant) => world.RegistryAsync<long>(
        """
        select (select count(*) from tenant_credentials where tenant_id = @Value) + (select count(*) from tenant_keys where tenant_id = @Value)
             + (select count(*) from tenant_migrations where tenant_id = @Value)
        """,
        new { tenant.Id.Value });
}
