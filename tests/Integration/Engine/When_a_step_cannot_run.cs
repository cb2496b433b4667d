using Npgsql;
using Saga.Engine.Operations;
using Saga.Tests.Integration.Api;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_a_step_cannot_run
{
    [Fact]
    public async Task Should_wait_at_no_cost_until_a_worker_knows_it()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        Guid operation;
        await using (await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one")], orchestrate: false))
        {
            operation = await orchestrator.SubmitAsync(EngineHost.Chain("one", "strange").Each(s => s with { MaxAttempts = 1 }));
            await Until.TrueAsync(
                async () => await registry.ScalarAsync<long>("select count(*) from operation_steps where step = 'strange' and status = 'held' and held_by = 'worker' and fence > 1") == 1,
                "it was deferred more than once");
        }

        await using var newer = await EngineHost.StartAsync(registry, bus, [new ScriptedStep("one"), new ScriptedStep("strange")], orchestrate: false);

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await registry.ScalarAsync<int>("select attempt from operation_steps where step = 'strange'")).ShouldBe(1, "no attempt was spent");
    }

    [Fact]
    public async Task Should_fail_permanently_when_the_tenant_is_not_in_the_registry()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));
        await registry.ExecuteAsync("alter table operations drop constraint operations_tenant_id_fkey; delete from tenants");
        var step = new ScriptedStep("one");

        await using var host = await EngineHost.StartAsync(registry, null, [step]);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled);
        // However often it was sent, because the in-memory bus also dispatches again at start.
        (await host.HistoryAsync(operation)).Where(line => line.Contains("ailed")).ShouldBe(["stepFailed:one", "compensationFailed:one"]);
        (await registry.ScalarAsync<string>("select failure ->> 'code' from operations")).ShouldBe("tenant-unknown");
        step.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_wait_at_no_cost_while_its_worker_does_not_reach_the_registry()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var direct = new NpgsqlConnectionStringBuilder(await PostgresServer.AdminConnectionStringAsync()) { Database = new NpgsqlConnectionStringBuilder(registry.ConnectionString).Database };
        using var line = new TcpProxy(direct.Host!, direct.Port);
        await using var far = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Host = "127.0.0.1", Port = line.Port }.ConnectionString);
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.StartAsync(registry, bus, []);
        await using var worker = await EngineHost.StartAsync(far, bus, [new ScriptedStep("one")], orchestrate: false);
        line.Cut();
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { MaxAttempts = 1 }));

        await Until.TrueAsync(
            async () => await registry.ScalarAsync<string>("select held_by from operation_steps where status = 'held'") == "registry", "the step is deferred");
        line.Repair();

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_be_stopped_when_its_attempt_is_over_although_it_holds_the_lease()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var stopped = new TaskCompletionSource();
        var tries = 0;
        var step = new ScriptedStep("one")
        {
            OnExecute = async (_, cancellationToken) =>
            {
                if (Interlocked.Increment(ref tries) > 1)
                    return;
                await using var stop = cancellationToken.Register(stopped.SetResult);
                await Task.Delay(Timeout.Infinite, cancellationToken);
            },
        };
        // Renewed only after 40 s, when the worker would learn of the newer fencing token.
        await using var host = await EngineHost.StartAsync(registry, null, [step], settings: ("Saga:Workers:LeaseSeconds", "120"));

        var operation = await host.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromSeconds(1), Backoff = TimeSpan.Zero }));

        await stopped.Task.WaitAsync(WaitLimit.Seconds(20));
        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
    }
}
