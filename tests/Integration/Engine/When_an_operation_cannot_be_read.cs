using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>A newer version wrote values that this one does not know.</summary>
public sealed class When_an_operation_cannot_be_read
{
    private const string Unreadable = "unreadable-operations";

    [Theory]
    [InlineData("update operations set state = 'awaitingApproval', next_due_at = now() where id = any(@ids)", "update operations set state = 'running' where id = any(@ids)")]
    [InlineData("update operations set state = 'running', next_due_at = now() where id = any(@ids); update operation_steps set status = 'approving' where operation_id = any(@ids)",
        "update operation_steps set status = 'running' where operation_id = any(@ids)")]
    public async Task Should_block_no_other_and_continue_when_it_can_be(string brokenBy, string mendedBy)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);
        var ids = await BreakAsync(registry, host, brokenBy, count: 12);

        // As many as would have filled the endpoint's concurrency before the fix.
        for (var others = 0; others < 5; others++)
        {
            var clock = Stopwatch.StartNew();
            (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("one")))).ShouldBe(OperationState.Completed);
            clock.Elapsed.ShouldBeLessThan(WaitLimit.Seconds(10));
        }

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations") == 12, "all are known");
        (await registry.ScalarAsync<bool>("select bool_and(next_due_at > now()) from operations where id = any(@ids)", new { ids })).ShouldBeTrue("they are postponed");
        (await registry.ScalarAsync<long>("select count(*) from dead_letters")).ShouldBe(0, "a lost wake-up is repeated");
        await Until.TrueAsync(async () => (await CheckAsync(host)).Status == HealthStatus.Degraded, "health says so");
        ids.ShouldContain(id => CheckAsync(host).Result.Description!.Contains(id.ToString(), StringComparison.Ordinal));

        await registry.ExecuteAsync(mendedBy, new { ids });

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations") == 0, "a version that reads them sees them", TimeSpan.FromSeconds(40));
        await Until.TrueAsync(async () => (await CheckAsync(host)).Status == HealthStatus.Healthy, "health says so");
    }

    [Fact]
    public async Task Should_be_counted_by_reason_until_it_can_be()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);
        using var gauge = new Measurements("saga.operations.unreadable");

        await BreakAsync(registry, host, "update operations set state = 'awaitingMetrics', next_due_at = now() where id = any(@ids)", count: 3);

        await Until.TrueAsync(
            () => Task.FromResult(gauge.Take().Any(m => m.Value == 3 && m.Tags["saga.reason"] is string reason && reason.Contains("'awaitingMetrics'", StringComparison.Ordinal))),
            "the gauge names the state", TimeSpan.FromMinutes(1));
        await registry.ExecuteAsync("update operations set state = 'running' where state = 'awaitingMetrics'");
        await Until.TrueAsync(
            () => Task.FromResult(!gauge.Take().Any(m => m.Tags["saga.reason"] is string reason && reason.Contains("'awaitingMetrics'", StringComparison.Ordinal))),
            "the gauge falls to nothing", TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Should_be_counted_and_not_hide_one_that_can_be_however_many_there_are()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);
        using var gauge = new Measurements("saga.operations.unreadable");
        var readable = (await BreakAsync(registry, host, "update operations set state = 'awaitingNothing' where id = any(@ids)", count: 1))[0];
        await registry.ExecuteAsync(
            """
            insert into operations select (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'idempotency_key', null, 'next_due_at', null))).* from operations o, generate_series(1, 450);
            insert into unreadable_operations (operation_id, reason, first_at) select id, '', now() - interval '1 day' from operations where id <> @readable;
            update operations set state = 'completed' where id = @readable;
            insert into unreadable_operations (operation_id, reason) values (@readable, '') on conflict do nothing
            """, new { readable });

        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations where operation_id = @readable", new { readable }) == 0, "it is retried", TimeSpan.FromSeconds(40));
        await Until.TrueAsync(async () => (await CheckAsync(host)).Description?.StartsWith("450 operations", StringComparison.Ordinal) == true, "health counts all", TimeSpan.FromSeconds(40));
        gauge.Take().ShouldContain(m => m.Value == 450 && ((string)m.Tags["saga.reason"]!).Contains("'awaitingNothing'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_be_postponed_twice_as_long_each_time()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);
        var ids = await BreakAsync(registry, host, "update operations set state = 'awaitingApproval', next_due_at = now() where id = any(@ids)", count: 1);
        var delays = new List<double>();

        for (var times = 1; times <= 4; times++)
        {
            await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from unreadable_operations where times >= @times", new { times }) == 1, "it is looked at");
            delays.Add(await registry.ScalarAsync<double>("select extract(epoch from next_due_at - now())::float8 from operations where id = any(@ids)", new { ids }));
            await registry.ExecuteAsync("update operations set next_due_at = now() where id = any(@ids)", new { ids });
        }

        delays[3].ShouldBeInRange(60, 81);
        delays[0].ShouldBeInRange(5, 10.5);
    }

    [Fact]
    public async Task Should_leave_a_report_for_it_to_a_version_that_reads_it()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);
        var ids = await BreakAsync(registry, host, "update operations set state = 'awaitingApproval', next_due_at = null where id = any(@ids)", count: 1);

        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = ids[0], Step = "one", Fence = 1 });

        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from outbox where body::jsonb->>'operationId' = @id and claimed_until > now()", new { id = ids[0].ToString() }) == 1,
            "it is delivered again");
        (await registry.ScalarAsync<long>("select count(*) from dead_letters")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_a_report_for_an_operator_when_no_version_reads_it_for_an_hour()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);
        var ids = await BreakAsync(registry, host, "update operations set state = 'awaitingApproval', next_due_at = null where id = any(@ids)", count: 1);
        await registry.ExecuteAsync("insert into unreadable_operations (operation_id, reason, first_at) select unnest(@ids), '', now() - interval '61 minutes'", new { ids });

        await host.SendAsync(Endpoints.Operations, new StepSucceeded { OperationId = ids[0], Step = "one", Fence = 1 });

        await Until.TrueAsync(async () => await registry.ScalarAsync<string>("select reason from dead_letters") == "operation-unreadable", "it is kept");
    }

    private static async Task<Guid[]> BreakAsync(NpgsqlDataSource registry, EngineHost host, string sql, int count)
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => host.SubmitAsync(EngineHost.Chain("one"))));
        foreach (var id in ids)
            await host.EndAsync(id);
        await registry.ExecuteAsync(sql, new { ids });
        return ids;
    }

    private static async Task<HealthReportEntry> CheckAsync(EngineHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(c => c.Name == Unreadable)).Entries[Unreadable];
}
