using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Registry.Sweep;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>The orchestrator's clock is wrong. The registry's clock decides.</summary>
public sealed class When_clocks_disagree
{
    [Fact]
    public async Task Should_not_wake_an_operation_before_its_time_when_the_clock_is_behind()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var rabbit = await RabbitServer.NewVirtualHostAsync();
        var sweeps = new CountedSweeps(new SqlSweepStore(registry, new RegistryClock()));
        await using var orchestrator = await EngineHost.OrchestrateAsync(
            registry, rabbit, new SkewedTime(TimeSpan.FromHours(-1)), services => services.AddSingleton<ISweepStore>(sweeps));
        var step = ScriptedStep.Hanging("one", out var began);
        await using var worker = await EngineHost.StartAsync(registry, rabbit, [step], orchestrate: false);
        await orchestrator.SubmitAsync(EngineHost.Chain("one").Each(s => s with { AttemptTimeout = TimeSpan.FromMinutes(10), Deadline = TimeSpan.FromHours(1) }));
        await began;
        var (looks, taken) = (sweeps.Looks, sweeps.Taken);

        await Until.TrueAsync(() => Task.FromResult(sweeps.Looks >= looks + 20), "the sweeper looks twenty times");

        // It is due half a minute after it was accepted, when it would be sent again. This happens at most once, on a slow machine.
        (sweeps.Taken - taken).ShouldBeLessThan(2);
    }

    [Theory, InlineData(1), InlineData(-1)]
    public async Task Should_write_everything_by_the_registrys_clock(int hoursAhead)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var rabbit = await RabbitServer.NewVirtualHostAsync();
        await using var orchestrator = await EngineHost.OrchestrateAsync(registry, rabbit, new SkewedTime(TimeSpan.FromHours(hoursAhead)), _ => { });
        await using var worker = await EngineHost.StartAsync(registry, rabbit, [new ScriptedStep("one")], orchestrate: false);
        var operation = await orchestrator.SubmitAsync(EngineHost.Chain("one"));

        (await orchestrator.EndAsync(operation)).ShouldBe(OperationState.Completed);

        var wrong = await registry.ScalarAsync<long>(
            """
            select (select count(*) from operation_history h where h.at not between o.created_at and clock_timestamp())
                 + (select count(*) from operation_steps s where s.dispatched_at not between o.created_at and s.finished_at or s.finished_at > clock_timestamp())
                 + (o.finished_at not between o.created_at and clock_timestamp())::int
            from operations o where o.id = @operation
            """, new { operation });
        wrong.ShouldBe(0);
    }

    [Theory, InlineData(1), InlineData(-1)]
    public async Task Should_accept_a_command_by_the_registrys_clock(int hoursAhead)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var intake = Intakes.Provision(registry, new SkewedTime(TimeSpan.FromHours(hoursAhead)));

        var accepted = Assert.IsType<CommandAccepted>(await intake.SubmitAsync(
            new ProvisionTenant { Name = "Acme", Slug = "acme", Plan = "basic", AdminEmail = "ada@acme.com" }, Caller.OfToken("ada"), default, "key-1"));

        (await registry.ScalarAsync<long>(
            """
            select count(*) from (
                select created_at as at from operations union all select at from operation_history union all select at from audit
                union all select created_at from idempotency_keys union all select created_at from tenants) written
            where at not between clock_timestamp() - interval '10 minutes' and clock_timestamp()
            """)).ShouldBe(0);
        (await registry.ScalarAsync<bool>("select created_at = @at from operations", new { at = accepted.Operation!.CreatedAt })).ShouldBeTrue();
    }

    private sealed class CountedSweeps(ISweepStore inner) : ISweepStore
    {
        private int looks;
        private int taken;

        public int Looks => Volatile.Read(ref looks);

        public int Taken => Volatile.Read(ref taken);

        public async Task<DueOperations> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken)
        {
            var due = await inner.TakeDueAsync(limit, putOff, cancellationToken);
            Interlocked.Add(ref taken, due.Count);
            Interlocked.Increment(ref looks);
            return due;
        }

        public Task<IReadOnlyList<SweptOperation>> ListUnfinishedAsync(CancellationToken cancellationToken) => inner.ListUnfinishedAsync(cancellationToken);
    }
}
