using System.Text.Json;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_plan_changes_limits
{
    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_refuse_a_plan_with_fewer_users_than_there_are(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        await world.AddUserAsync(tenant);
        await world.ExecuteAsync(tenant, StepNames.CheckUsage);
        await world.Registry.ExecuteAsync("update plan_versions set definition = jsonb_set(definition, '{limits,users}', '0') where name = 'premium'");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CheckUsage))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("plan-too-small", false));
        failure.Message.ShouldContain("has 1 users, and plan 'premium' allows 0.");
    }

    [Fact]
    public async Task Should_hold_users_to_the_tenants_own_limit_before_the_plans()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        await world.AddUserAsync(tenant);
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('b@acme.com', 'B')");
            await session.CommitAsync(default);
        }

        await world.Registry.ExecuteAsync("update plan_versions set definition = jsonb_set(definition, '{limits,users}', '1') where name = 'premium'; update tenants set max_users = 2");

        await world.ExecuteAsync(tenant, StepNames.CheckUsage);
        await world.Registry.ExecuteAsync("update tenants set max_users = 1");
        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CheckUsage))).Failure;

        failure.Message.ShouldContain("has 2 users, and its own maxUsers allows 1.");
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_measure_the_tenants_rows_where_the_limit_of_storage_is_lowered(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        await world.AddUserAsync(tenant);
        var before = await MeasuredAsync(world, tenant);
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            // Of random bytes, which no compression makes smaller.
            await session.Connection.ExecuteAsync("insert into documents (title, author_id, body) select 'One', u.id, b from users u, (select string_agg(gen_random_uuid()::text, '') b from generate_series(1, 20000)) s");
            await session.CommitAsync(default);
        }

        var grown = await MeasuredAsync(world, tenant) - before;

        grown.ShouldNotBeNull().ShouldBeInRange(400_000, 4_000_000);
        if (tier == IsolationTier.Row)
        {
            before.ShouldNotBeNull().ShouldBeLessThan(10_000, "what others have in the shared tables is not this tenant's");
            await world.AdminQueryAsync<int>((await tenant.ReadAsync()).Placement!.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}' returning 1");
            (await MeasuredAsync(world, tenant) - before).ShouldBe(grown, "a policy does not make it smaller");
        }
    }

    [Fact]
    public async Task Should_not_measure_rows_where_the_limit_of_storage_stays_or_rises()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        await world.Registry.ExecuteAsync("update tenants set plan = 'basic'");

        var usage = await world.ExecuteAsync(tenant, StepNames.CheckUsage);

        JsonSerializer.SerializeToElement(usage, Saga.Contracts.Json.Options).TryGetProperty("databaseBytes", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_compare_with_the_version_that_the_command_was_accepted_with()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        await world.AddUserAsync(tenant);
        await world.Registry.ExecuteAsync(
            """
            insert into plan_versions (name, version, definition, created_by)
            select name, version + 1, jsonb_set(definition, '{limits,users}', '0'), 'ada' from plan_versions v where name = 'premium' and version = (select current_version from plans where name = 'premium');
            update operations set input = input || jsonb_build_object('targetVersion', (select current_version from plans where name = 'premium'));
            update plans set current_version = current_version + 1 where name = 'premium';
            """);

        await world.ExecuteAsync(tenant, StepNames.CheckUsage);
        await world.Registry.ExecuteAsync("update operations set input = input - 'targetVersion'");

        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.CheckUsage))).Failure.Code.ShouldBe("plan-too-small");
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_count_users_of_a_closed_tenant_as_well(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        await world.AddUserAsync(tenant);
        await world.AdminQueryAsync<int>((await tenant.ReadAsync()).Placement!.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}' returning 1");

        JsonSerializer.Serialize(await world.ExecuteAsync(tenant, StepNames.CheckUsage)).ShouldContain("\"Users\":1,");
    }

    [Fact]
    public async Task Should_give_the_login_the_new_plans_limit_and_the_former_one_back()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Schema);
        await world.Registry.ExecuteAsync(
            "insert into plan_changes (operation_id, tenant_id, from_plan, to_plan, settings) values (@OperationId, @Value, 'basic', 'premium', '[]')", new { tenant.OperationId, tenant.Id.Value });

        await world.ExecuteAsync(tenant, StepNames.LimitLogin);
        (await LimitAsync(world, tenant)).ShouldBe(10);
        await world.CompensateAsync(tenant, StepNames.LimitLogin);
        await world.CompensateAsync(tenant, StepNames.LimitLogin);
        (await LimitAsync(world, tenant)).ShouldBe(5);
    }

    [Fact]
    public async Task Should_leave_the_limit_when_no_plan_was_changed()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Schema);
        var before = await LimitAsync(world, tenant);

        await world.CompensateAsync(tenant, StepNames.LimitLogin);

        (await LimitAsync(world, tenant)).ShouldBe(before);
    }

    private static async Task<SeededTenant> ActiveAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await world.Registry.ExecuteAsync(
            "update placements set state = 'current'; update tenants set status = 'active'; update operations set input = @Input::jsonb",
            new { Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, TargetPlan = "premium" }, Saga.Contracts.Json.Options) });
        return tenant;
    }

    private static async Task<long?> MeasuredAsync(DatabaseWorld world, SeededTenant tenant) =>
        JsonSerializer.SerializeToElement(await world.ExecuteAsync(tenant, StepNames.CheckUsage), Saga.Contracts.Json.Options).TryGetProperty("databaseBytes", out var bytes) ? bytes.GetInt64() : null;

    private static async Task<int> LimitAsync(DatabaseWorld world, SeededTenant tenant) =>
        (await world.AdminQueryAsync<int>("postgres", $"select rolconnlimit from pg_roles where rolname = '{(await tenant.ReadAsync()).Placed!.Login}'")).Single();
}
