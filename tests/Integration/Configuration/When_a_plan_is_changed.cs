using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tenancy.Configuration;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Registry;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Configuration;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Configuration;

public sealed class When_a_plan_is_changed : IAsyncLifetime
{
    private const string Secret = "webhookSigningSecret";
    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(registry, (s, c) => s.AddResource<ConfigurationModule>(c).AddTenantSettings(c));
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_give_the_new_plans_configuration_and_keep_the_tenants_own()
    {
        var tenant = await TenantAsync();
        var secret = (await AllAsync(tenant))[Secret].GetString();

        await ExecuteAsync(tenant, StepNames.ChangePlan);

        (await tenant.ReadAsync()).Plan.ShouldBe("premium");
        var all = await AllAsync(tenant);
        all["api.rate_limit"].GetInt32().ShouldBe(10_000);
        all["file_upload.max_size"].GetInt32().ShouldBe(7, "it is the tenant's own");
        all["feature:biometric_auth"].GetBoolean().ShouldBeTrue();
        all["feature:advanced_analytics"].GetBoolean().ShouldBeTrue("it is the tenant's own");
        all[Secret].GetString().ShouldBe(secret, "somebody may already use it");
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Should_notify_runtimes_of_the_limits_within_the_commit(bool undone)
    {
        var tenant = await TenantAsync();
        if (undone)
            await ExecuteAsync(tenant, StepNames.ChangePlan);
        await NotificationWatch.BeginAsync(registry);

        await (undone ? CompensateAsync(tenant, StepNames.ChangePlan) : ExecuteAsync(tenant, StepNames.ChangePlan));

        (await registry.ScalarAsync<string>("select n.channel from notified n join tenants t on t.xmin = n.by and t.id::text = n.payload")).ShouldBe("saga_tenants");
    }

    [Fact]
    public async Task Should_change_nothing_more_when_it_runs_again()
    {
        var tenant = await TenantAsync();
        await ExecuteAsync(tenant, StepNames.ChangePlan);
        var first = await StoredAsync(tenant);

        await ExecuteAsync(tenant, StepNames.ChangePlan);

        (await StoredAsync(tenant)).ShouldBe(first);
        (await tenant.ReadAsync()).Version.ShouldBe(2);
        await CompensateAsync(tenant, StepNames.ChangePlan);
        (await tenant.ReadAsync()).Plan.ShouldBe("basic");
    }

    [Fact]
    public async Task Should_be_undone_exactly_however_often()
    {
        var tenant = await TenantAsync();
        await registry.ExecuteAsync("insert into tenant_settings (tenant_id, key, value) select id, 'nothing', 'null' from tenants");
        await registry.ExecuteAsync("update plan_versions set definition = definition #- '{settings,session.timeout}' where name = 'premium'");
        var before = await StoredAsync(tenant);
        await ExecuteAsync(tenant, StepNames.ChangePlan);
        (await AllAsync(tenant)).Keys.ShouldNotContain("session.timeout", "only the former plan has it");

        await CompensateAsync(tenant, StepNames.ChangePlan);
        await CompensateAsync(tenant, StepNames.ChangePlan);

        (await StoredAsync(tenant)).ShouldBe(before);
        (await tenant.ReadAsync()).Plan.ShouldBe("basic");
    }

    [Fact]
    public async Task Should_leave_everything_when_it_is_undone_without_having_run()
    {
        var tenant = await TenantAsync();
        var before = await StoredAsync(tenant);

        await CompensateAsync(tenant, StepNames.ChangePlan);

        (await StoredAsync(tenant)).ShouldBe(before);
        (await tenant.ReadAsync()).Plan.ShouldBe("basic");
    }

    [Fact]
    public async Task Should_refuse_a_plan_that_has_gone_since_and_write_nothing()
    {
        var tenant = await TenantAsync();
        await registry.ExecuteAsync("delete from plans where name = 'premium'");
        var before = await StoredAsync(tenant);

        (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(tenant, StepNames.ChangePlan))).Failure.ShouldSatisfyAllConditions(
            f => f.Code.ShouldBe("plan-unknown"), f => f.Transient.ShouldBeFalse());
        (await StoredAsync(tenant)).ShouldBe(before);
    }

    [Fact]
    public async Task Should_give_the_current_version_of_the_tenants_own_plan()
    {
        var tenant = await TenantAsync(targetPlan: "basic");
        var before = await StoredAsync(tenant);
        await AddVersionAsync("basic", rate: 900);

        await ExecuteAsync(tenant, StepNames.ChangePlan);
        (await tenant.ReadAsync()).ShouldSatisfyAllConditions(t => (t.Plan, t.PlanVersion).ShouldBe(("basic", 2)));
        (await AllAsync(tenant))["api.rate_limit"].GetInt32().ShouldBe(900);
        await CompensateAsync(tenant, StepNames.ChangePlan);

        (await tenant.ReadAsync()).PlanVersion.ShouldBe(1);
        (await StoredAsync(tenant)).ShouldBe(before);
    }

    [Fact]
    public async Task Should_give_the_version_that_the_command_was_accepted_with()
    {
        var tenant = await TenantAsync(targetVersion: 1);
        await AddVersionAsync("premium", rate: 900);

        await ExecuteAsync(tenant, StepNames.ChangePlan);

        (await tenant.ReadAsync()).ShouldSatisfyAllConditions(t => (t.Plan, t.PlanVersion).ShouldBe(("premium", 1)));
        (await AllAsync(tenant))["api.rate_limit"].GetInt32().ShouldBe(10_000);
    }

    // An earlier version of the product stored no version with the command.
    [Fact]
    public async Task Should_give_the_current_version_to_a_command_without_one()
    {
        var tenant = await TenantAsync();
        await AddVersionAsync("premium", rate: 900);

        await ExecuteAsync(tenant, StepNames.ChangePlan);

        (await tenant.ReadAsync()).PlanVersion.ShouldBe(2);
    }

    [Fact]
    public async Task Should_refuse_a_version_that_is_not_there()
    {
        var tenant = await TenantAsync(targetVersion: 7);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(tenant, StepNames.ChangePlan))).Failure;

        (failure.Code, failure.Transient, failure.Message).ShouldBe(("plan-unknown", false, "Version 7 of the plan 'premium' is not in the registry."));
    }

    [Fact]
    public async Task Should_keep_to_the_version_of_the_first_attempt()
    {
        var tenant = await TenantAsync();
        await ExecuteAsync(tenant, StepNames.ChangePlan);
        var first = await StoredAsync(tenant);
        await AddVersionAsync("premium", rate: 900);

        await ExecuteAsync(tenant, StepNames.ChangePlan);

        (await tenant.ReadAsync()).PlanVersion.ShouldBe(1);
        (await StoredAsync(tenant)).ShouldBe(first);
    }

    [Fact]
    public async Task Should_leave_the_version_when_the_command_names_no_plan()
    {
        var tenant = await TenantAsync(targetPlan: null);
        await AddVersionAsync("basic", rate: 900);

        await ExecuteAsync(tenant, StepNames.ChangePlan);

        (await tenant.ReadAsync()).PlanVersion.ShouldBe(1);
        (await registry.ScalarAsync<long>("select count(*) from plan_changes")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_configure_a_tenant_by_the_version_that_it_was_accepted_with()
    {
        var tenant = await TenantAsync();
        await AddVersionAsync("basic", rate: 900);

        await ExecuteAsync(tenant, StepNames.Configuration);

        (await AllAsync(tenant))["api.rate_limit"].GetInt32().ShouldBe(1_000);
    }

    [Fact]
    public async Task Should_be_announced_once_and_then_not_be_undone()
    {
        var tenant = await TenantAsync();
        await ExecuteAsync(tenant, StepNames.ChangePlan);
        await CompensateAsync(tenant, StepNames.AnnouncePlan);

        await ExecuteAsync(tenant, StepNames.AnnouncePlan);
        await ExecuteAsync(tenant, StepNames.AnnouncePlan);

        await using var connection = await registry.OpenConnectionAsync();
        var body = JsonElement.Parse(await connection.QuerySingleAsync<string>("select body from outbox where message_type = 'Saga.Contracts.Events.TenantPlanChanged'"));
        (await connection.QuerySingleAsync<string>("select concat_ws(' ', action, before, after) from audit")).ShouldBe(
            """plan.change {"plan": "basic", "version": 1} {"plan": "premium", "version": 1}""");
        body.ToString().ShouldContain("\"fromPlan\":\"basic\",\"fromVersion\":1,\"toPlan\":\"premium\",\"toVersion\":1");
        (await Should.ThrowAsync<StepFailureException>(() => CompensateAsync(tenant, StepNames.AnnouncePlan))).Failure.Code.ShouldBe("plan-announced");
    }

    private Task AddVersionAsync(string plan, int rate) => registry.ExecuteAsync(
        """
        insert into plan_versions (name, version, definition, created_by)
        select name, 2, jsonb_set(definition, '{settings,api.rate_limit,value}', to_jsonb(@rate)), 'ada' from plan_versions where name = @plan;
        update plans set current_version = 2 where name = @plan;
        """,
        new { plan, rate });

    private async Task<SeededTenant> TenantAsync(string? targetPlan = "premium", int? targetVersion = null)
    {
        var tenant = await Seed.TenantAsync(
            registry, "acme", plan: "basic", tier: IsolationTier.Row, status: TenantStatus.Active,
            features: new Dictionary<string, bool> { ["advanced_analytics"] = true },
            settings: new Dictionary<string, JsonElement> { ["file_upload.max_size"] = JsonElement.Parse("7") });
        await registry.ExecuteAsync(
            "update operations set input = @Input::jsonb",
            new { Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, TargetPlan = targetPlan, TargetVersion = targetVersion }, Saga.Contracts.Json.Options) });
        await ExecuteAsync(tenant, StepNames.Configuration);
        return tenant;
    }

    private async Task ExecuteAsync(SeededTenant tenant, string step) => await host.Step(step).ExecuteAsync(await tenant.BeginAsync(step), CancellationToken.None);

    private async Task CompensateAsync(SeededTenant tenant, string step) => await host.Step(step).CompensateAsync(await tenant.BeginAsync(step), CancellationToken.None);

    private Task<IReadOnlyDictionary<string, JsonElement>> AllAsync(SeededTenant tenant) => host.Get<TenantSettings>().ReadAllAsync(tenant.Id, CancellationToken.None);

    private async Task<IReadOnlyList<string>> StoredAsync(SeededTenant tenant)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>(
            "select key || ' ' || coalesce(value::text, '-') || ' ' || coalesce(case when key = @Secret then encode(sealed, 'hex') end, '-') from tenant_settings where tenant_id = @Value order by key",
            new { tenant.Id.Value, Secret })];
    }
}
