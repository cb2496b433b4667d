using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>One worker's leases in the registry, with a clock that the test moves. A lease lasts 15 s and is renewed every 5 s.</summary>
public sealed class When_a_lease_is_held
{
    private readonly TestClock time = new();

    // Long before the lease would expire.
    [Theory, InlineData("fence = 2"), InlineData("settled = true"), InlineData("holder = gen_random_uuid()")]
    public async Task Should_cancel_the_work_at_the_next_renewal_when_it_is_another_dispatchs(string change)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = await WorkerAsync(registry);
        using var held = (await worker.TakeAsync(await DispatchAsync(registry, "one"), default)).Held!;
        await registry.ExecuteAsync($"update operation_steps set {change}");

        time.Advance(TimeSpan.FromSeconds(6));

        await Until.TrueAsync(() => Task.FromResult(held.Lost.IsCancellationRequested), "the work is cancelled");
    }

    [Fact]
    public async Task Should_cancel_the_work_before_the_lease_ends_when_it_is_not_renewed()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        // Not started, which is like a hanging renewal.
        await using var worker = Worker(registry);
        using var held = (await worker.TakeAsync(await DispatchAsync(registry, "one"), default)).Held!;

        time.Advance(TimeSpan.FromSeconds(11));
        held.Lost.IsCancellationRequested.ShouldBeFalse("there is time left");
        time.Advance(TimeSpan.FromSeconds(3));
        held.Lost.IsCancellationRequested.ShouldBeTrue("another may take it in a second");
    }

    [Fact]
    public async Task Should_give_back_at_the_end_of_the_work_what_is_its_own_still()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = await WorkerAsync(registry);
        var own = (await worker.TakeAsync(await DispatchAsync(registry, "one"), default)).Held!;
        var taken = (await worker.TakeAsync(await DispatchAsync(registry, "two"), default)).Held!;
        await registry.ExecuteAsync("update operation_steps set holder = @other where step = 'two'", new { other = Guid.Empty });

        taken.Dispose();
        own.Dispose();
        time.Advance(TimeSpan.FromSeconds(1));

        await Until.TrueAsync(
            async () => await registry.ScalarAsync<long>("select count(*) from operation_steps where step = 'one' and holder is null and expires_at is null") == 1,
            "the next dispatch need not wait for the lease to end");
        (await registry.ScalarAsync<Guid?>("select holder from operation_steps where step = 'two'")).ShouldBe(Guid.Empty);
    }

    private LeaseManager Worker(NpgsqlDataSource registry) =>
        new(new SqlLeaseStore(registry, new RegistryClock()), Options.Create(new WorkersOptions()), time, NullLogger<LeaseManager>.Instance);

    private async Task<LeaseManager> WorkerAsync(NpgsqlDataSource registry)
    {
        var worker = Worker(registry);
        await worker.StartAsync(default);
        await Until.TrueAsync(() => Task.FromResult(time.Waiting == 1), "it waits for its time to renew");
        return worker;
    }

    private static async Task<ExecuteStep> DispatchAsync(NpgsqlDataSource registry, string step)
    {
        var tenant = await Seed.TenantAsync(registry, step);
        await registry.ExecuteAsync("insert into operation_steps (operation_id, step, fence) values (@OperationId, @step, 1)", new { tenant.OperationId, step });
        return new ExecuteStep
        {
            OperationId = tenant.OperationId, TenantId = tenant.Id, Step = step, Fence = 1, Attempt = 1, Deadline = DateTimeOffset.MaxValue,
        };
    }
}
