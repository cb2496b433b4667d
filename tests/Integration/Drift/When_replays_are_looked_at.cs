using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Engine.Replays;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Replay;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Registry.Replays;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_replays_are_looked_at : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private NpgsqlDataSource registry = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        await Seed.ProcessAsync(registry);
        await registry.ExecuteAsync("update processes set orchestrates = true, engine_level = 100");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_be_one_scan_of_all_that_have_ended_whoever_looks()
    {
        var (first, second) = (await ReplayedAsync("acme"), await ReplayedAsync("bolt"));
        await ReplayedAsync("calm", state: "stalled");
        await ReplayedAsync("dull", resources: "{}");
        var busy = await ReplayedAsync("edge");
        await registry.ExecuteAsync("insert into operation_scopes (scope, operation_id) values ('tenant:' || @Id::uuid, @OperationId)", new { Id = busy.Id.Value, busy.OperationId });

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Checks().RunAsync(None)));
        await Checks().RunAsync(None);

        (await registry.ScalarAsync<string>("select string_agg(kind || ' ' || requested_by || ' ' || (input -> 'tenants') || ' ' || (input ->> 'includeRecent'), ', ') from operations where kind = 'scanDrift'"))
            .ShouldBe($"""scanDrift system ["{first.Id}", "{second.Id}"] true""");
        (await registry.ScalarAsync<long>("select count(*) from replay_checks where scan = (select id from operations where kind = 'scanDrift')")).ShouldBe(2);
        (await Find(first)).Facts.Seen.ShouldBeNull();
        await Checks().RunAsync(None);
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'scanDrift'")).ShouldBe(1, "the scan has not ended");
    }

    [Theory]
    [InlineData("completed", null, null, ReplayStage.Verified, "What is outside is as the registry says.")]
    [InlineData("completed", "organization", null, ReplayStage.Contradicted, "One thing outside is not as the registry says.")]
    [InlineData("completed", "cacheUser", null, ReplayStage.Verified, "What is outside is as the registry says.")]
    [InlineData("completed", null, """{"unread":[{"failure":{"code":"x","message":"y"}}]}""", ReplayStage.Unverified, "The scan could not read everything; its steps say what and why.")]
    [InlineData("cancelled", null, null, ReplayStage.Unverified, "The scan that should have looked did not complete.")]
    public async Task Should_be_what_the_scan_has_seen(string scan, string? difference, string? output, ReplayStage stage, string why)
    {
        var tenant = await ReplayedAsync("acme");
        await Checks().RunAsync(None);
        if (difference is not null)
            await FindAsync(tenant, difference);
        await EndScanAsync(scan, output ?? """{"compared":3,"unread":[]}""");

        await Checks().RunAsync(None);

        var check = await Find(tenant);
        (ReplayOutcome.StageOf(check.Facts), check.Why).ShouldBe((stage, why));
        check.JudgedAt.ShouldNotBeNull();
        check.Differences.Select(d => d.Resource).ShouldBe(stage == ReplayStage.Contradicted ? [difference!] : []);
    }

    [Fact]
    public async Task Should_be_looked_at_again_a_few_times_when_a_scan_was_disturbed_or_never_began()
    {
        var tenant = await ReplayedAsync("acme");
        for (var look = 1; look <= ReplayOutcome.MostLooks; look++)
        {
            (await Find(tenant)).Facts.Seen.ShouldBeNull();
            await Checks().RunAsync(None);
            (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'scanDrift'")).ShouldBe(look);
            if (look == 1)
            {
                // It waited too long for its turn.
                await registry.ExecuteAsync("update operations set state = 'cancelled', finished_at = clock_timestamp() where kind = 'scanDrift'");
            }
            else
            {
                await OtherAsync(tenant);
                await EndScanAsync("completed", """{"unread":[]}""");
            }
        }

        await Checks().RunAsync(None);

        var check = await Find(tenant);
        (check.Facts.Seen, check.Why).ShouldBe((ReplayStage.Unverified, "Another operation of the tenant was under way while the scan looked, so the scan left the tenant alone."));
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'scanDrift'")).ShouldBe(ReplayOutcome.MostLooks);
    }

    [Fact]
    public async Task Should_not_be_disturbed_by_what_ended_before_the_scan_began()
    {
        var tenant = await ReplayedAsync("acme");
        await Checks().RunAsync(None);
        await OtherAsync(tenant);
        await registry.ExecuteAsync("update operations set state = 'completed', finished_at = clock_timestamp() where kind = 'suspend'");
        await EndScanAsync("completed", """{"unread":[]}""", "clock_timestamp()");

        await Checks().RunAsync(None);

        (await Find(tenant)).Facts.Seen.ShouldBe(ReplayStage.Verified);
    }

    [Fact]
    public async Task Should_wait_for_a_scan_that_has_not_ended_before_there_is_another_one()
    {
        await ReplayedAsync("acme");
        await Checks().RunAsync(None);
        // Whoever ordered it died before it was written down.
        await registry.ExecuteAsync("update replay_checks set scan = null, looks = 0");
        await ReplayedAsync("bolt");

        await Checks().RunAsync(None);
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'scanDrift'")).ShouldBe(1);

        await EndScanAsync("completed", """{"unread":[]}""");
        await Checks().RunAsync(None);
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'scanDrift'")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_looked_at_anew_when_it_is_ordered_once_more()
    {
        var tenant = await ReplayedAsync("acme");
        await Checks().RunAsync(None);
        await registry.ExecuteAsync("update replay_checks set requested_at = clock_timestamp(), scan = null, looks = 0");
        await EndScanAsync("completed", """{"unread":[]}""");

        await Checks().RunAsync(None);

        (await Find(tenant)).Facts.Seen.ShouldBeNull();
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'scanDrift'")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_count_as_scans_of_the_schedule()
    {
        await ReplayedAsync("acme");
        await Checks().RunAsync(None);

        (await new DriftStore(registry, new RegistryClock()).TimesAsync(None)).ScheduledAt.ShouldBeNull();
    }

    private ReplayChecks Checks() => new(
        new ReplayCheckStore(registry, new RegistryClock()), new DriftStore(registry, new RegistryClock()),
        Intakes.Of<ScanDrift, ScanDrift, ScanDriftPlan>(registry, new(new TenantStore(registry))), NullLogger<ReplayChecks>.Instance);

    private async Task<ReplayCheck> Find(SeededTenant tenant) => (await new ReplayCheckStore(registry, new RegistryClock()).FindAsync(tenant.OperationId, None))!;

    private async Task<SeededTenant> ReplayedAsync(string slug, string state = "completed", string resources = "{database,organization}")
    {
        var tenant = await Seed.TenantAsync(registry, slug);
        await new DriftScans(registry).ActivateAsync(tenant);
        await registry.ExecuteAsync(
            """
            update operations set state = @state, finished_at = case when @state = 'stalled' then null else now() end where id = @OperationId;
            insert into operation_history (operation_id, at, event) values (@OperationId, now(), 'replayRequested'), (@OperationId, now(), 'replayed');
            insert into replay_checks (operation_id, requested_at, requested_by, ordered_at, expects, resources)
            select operation_id, clock_timestamp(), 'ada', max(id) - 1, 'completed', @resources::text[] from operation_history where operation_id = @OperationId group by operation_id;
            """,
            new { tenant.OperationId, state, resources });
        return tenant;
    }

    private Task FindAsync(SeededTenant tenant, string resource) => registry.ExecuteAsync(
        """
        insert into drift_findings (id, resource, kind, name, tenant_id, differences, first_seen_at, last_seen_at, first_scan, last_scan)
        select gen_random_uuid(), @resource, 'missing', 'acme', @Id, '[]', now() - interval '1 day', clock_timestamp(), id, id from operations where kind = 'scanDrift'
        """,
        new { Id = tenant.Id.Value, resource });

    // Another operation of the tenant, which has not ended.
    private Task OtherAsync(SeededTenant tenant) => registry.ExecuteAsync(
        """
        insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, created_at)
        select gen_random_uuid(), 'suspend', tenant_id, workflow_digest, 'running', '{}', 'ada', clock_timestamp() from operations where id = @OperationId
        """,
        new { tenant.OperationId });

    private Task EndScanAsync(string state, string output, string begun = "created_at") => registry.ExecuteAsync(
        $"""
        insert into operation_steps (operation_id, step, status, fence, output, started_at)
        select id, @Step, 'succeeded', 1, @output::jsonb, {begun} from operations where kind = 'scanDrift' and finished_at is null;
        update operations set state = @state, finished_at = clock_timestamp() where kind = 'scanDrift' and finished_at is null;
        """,
        new { state, output, Step = StepNames.ScanOrganizations });
}
