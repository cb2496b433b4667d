using Dapper;
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

/// <summary>The race for a lease in PostgreSQL, without a bus or an orchestrator that would order the two workers.</summary>
public sealed class When_two_workers_take_one_dispatch
{
    private static readonly LeaseAnswer[] OneWinner = [LeaseAnswer.Taken, LeaseAnswer.Duplicate];

    [Fact]
    public async Task Should_have_one_winner_whenever_both_ask_at_the_same_moment()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var first = Worker(registry);
        await using var second = Worker(registry);
        var tenant = await Seed.TenantAsync(registry, "acme");
        for (var round = 0; round < 200; round++)
        {
            var command = await DispatchAsync(tenant, $"step-{round}");
            using var together = new Barrier(2);

            var outcomes = await Task.WhenAll(((LeaseManager[])[first, second]).Select(worker => Task.Run(() =>
            {
                together.SignalAndWait();
                return worker.TakeAsync(command, default);
            })));

            outcomes.Select(o => o.Reply.Outcome).Order().ShouldBe(OneWinner.Order(), $"round {round}");
            outcomes.Count(o => o.Held is not null).ShouldBe(1);
        }
    }

    [Fact]
    public async Task Should_have_one_winner_when_both_wait_for_the_same_row()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var first = Worker(registry);
        await using var second = Worker(registry);
        var command = await DispatchAsync(await Seed.TenantAsync(registry, "acme"), "one");
        Task<LeaseOutcome>[] asking;
        await using (var connection = await registry.OpenConnectionAsync())
        await using (await connection.BeginTransactionAsync())
        {
            await using var block = connection.CreateCommand();
            block.CommandText = "select 1 from operation_steps for update";
            await block.ExecuteNonQueryAsync();
            asking = [first.TakeAsync(command, default), second.TakeAsync(command, default)];
            await WaitingAsync(registry, 2);
        }

        (await Task.WhenAll(asking)).Select(o => o.Reply.Outcome).Order().ShouldBe(OneWinner.Order());
    }

    [Fact]
    public async Task Should_let_the_late_one_with_the_old_fence_write_nothing_and_take_nothing()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var slow = Worker(registry);
        await using var next = Worker(registry);
        var leased = new LeasedTransactions(registry, new RegistryClock());
        var tenant = await Seed.TenantAsync(registry, "acme");
        var old = await DispatchAsync(tenant, "one");
        var held = (await slow.TakeAsync(old, default)).Held!.Lease;

        await registry.ExecuteAsync("update operation_steps set fence = 2, taken_at = null, expires_at = now() - interval '1 second'");

        // Before and after another worker takes the new fencing token.
        await Should.ThrowAsync<LeaseLostException>(() => leased.BeginAsync(held, default));
        (await slow.TakeAsync(old, default)).Reply.Outcome.ShouldBe(LeaseAnswer.Stale);
        var taken = await next.TakeAsync(old with { Fence = 2 }, default);
        taken.Reply.Outcome.ShouldBe(LeaseAnswer.Taken);
        await Should.ThrowAsync<LeaseLostException>(() => leased.BeginAsync(held, default));
        (await slow.TakeAsync(old, default)).Reply.Outcome.ShouldBe(LeaseAnswer.Stale);
        await using var transaction = await leased.BeginAsync(taken.Held!.Lease, default);
    }

    [Fact]
    public async Task Should_let_the_one_that_slept_past_its_lease_write_nothing_under_the_others()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var slow = Worker(registry);
        await using var next = Worker(registry);
        var leased = new LeasedTransactions(registry, new RegistryClock());
        var command = await DispatchAsync(await Seed.TenantAsync(registry, "acme"), "one");
        var held = (await slow.TakeAsync(command, default)).Held!.Lease;
        await registry.ExecuteAsync("update operation_steps set expires_at = now() - interval '1 second'");

        // The same dispatch, delivered again. The orchestrator decides what happened to its worker.
        (await next.TakeAsync(command, default)).Reply.Outcome.ShouldBe(LeaseAnswer.Duplicate);
        await registry.ExecuteAsync("update operation_steps set fence = 2, taken_at = null");
        var taken = (await next.TakeAsync(command with { Fence = 2 }, default)).Held!.Lease;

        await Should.ThrowAsync<LeaseLostException>(() => leased.BeginAsync(held, default));
        await using (await leased.BeginAsync(taken, default))
        {
        }

        await registry.ExecuteAsync("update operation_steps set settled = true");
        await Should.ThrowAsync<LeaseLostException>(() => leased.BeginAsync(taken, default));
    }

    [Fact]
    public async Task Should_let_no_newer_fence_in_between_the_check_and_the_commit()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = Worker(registry);
        var tenant = await Seed.TenantAsync(registry, "acme");
        var held = (await worker.TakeAsync(await DispatchAsync(tenant, "one"), default)).Held!.Lease;
        Task newer;
        await using (var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(held, default))
        {
            newer = registry.ExecuteAsync("update operation_steps set fence = 2");
            await WaitingAsync(registry, 1);
            newer.IsCompleted.ShouldBeFalse();
            await transaction.Connection.ExecuteAsync("update tenants set name = 'written in time' where id = @Value", new { tenant.Id.Value }, transaction.Transaction);
            await transaction.CommitAsync(default);
        }

        await newer;
        (await tenant.ReadAsync()).Name.ShouldBe("written in time");
    }

    [Fact]
    public async Task Should_answer_the_second_delivery_that_the_first_is_at_work_or_has_reported()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var first = Worker(registry);
        await using var second = Worker(registry);
        var command = await DispatchAsync(await Seed.TenantAsync(registry, "acme"), "one");
        await first.TakeAsync(command, default);

        (await second.TakeAsync(command, default)).Reply.Outcome.ShouldBe(LeaseAnswer.Duplicate);
        // Like the worker after it has sent its report, possibly long before the orchestrator reads it.
        await registry.ExecuteAsync("update operation_steps set holder = null, expires_at = null");
        (await second.TakeAsync(command, default)).Reply.Outcome.ShouldBe(LeaseAnswer.Duplicate);
    }

    [Fact]
    public async Task Should_refuse_a_delivery_that_comes_after_its_deadline_by_the_registrys_clock()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = Worker(registry);
        var command = await DispatchAsync(await Seed.TenantAsync(registry, "acme"), "one");
        var now = new DateTimeOffset(await registry.ScalarAsync<DateTime>("select now()"));

        (await worker.TakeAsync(command with { Deadline = now }, default)).Reply.Outcome.ShouldBe(LeaseAnswer.Late);

        (await registry.ScalarAsync<long>("select count(*) from operation_steps where taken_at is null and holder is null")).ShouldBe(1);
        var taken = await worker.TakeAsync(command with { Deadline = now.AddMinutes(5) }, default);
        taken.Reply.Remaining.ShouldBeInRange(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5), "a message from an older version has no other time limit");
    }

    [Fact]
    public async Task Should_count_the_attempts_time_from_the_take()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = Worker(registry);
        var command = await DispatchAsync(await Seed.TenantAsync(registry, "acme"), "one");

        var taken = await worker.TakeAsync(command with { AttemptTimeout = TimeSpan.FromSeconds(90) }, default);

        taken.Reply.Remaining.ShouldBe(TimeSpan.FromSeconds(90));
        (await registry.ScalarAsync<bool>("select attempt_ends_at = taken_at + interval '90 seconds' and lost_at = taken_at + 2 * (expires_at - taken_at) from operation_steps")).ShouldBeTrue();
    }

    // Separately, because the row was locked when it was requested in a batch.
    [Theory, InlineData("fence = 2"), InlineData("settled = true")]
    public async Task Should_take_nothing_when_what_it_waited_for_makes_it_late(string change)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = Worker(registry);
        var command = await DispatchAsync(await Seed.TenantAsync(registry, "acme"), "one");
        Task<LeaseOutcome> asking;
        await using (var connection = await registry.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var block = connection.CreateCommand();
            block.CommandText = $"update operation_steps set {change}";
            await block.ExecuteNonQueryAsync();
            asking = worker.TakeAsync(command, default);
            await WaitingAsync(registry, 1);
            await transaction.CommitAsync();
        }

        // Late or busy, because it read the row before it waited. Its report under the old fencing token changes nothing.
        (await asking).Held.ShouldBeNull();
        (await registry.ScalarAsync<Guid?>("select holder from operation_steps")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_take_other_leases_while_one_waits_for_its_row()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var worker = Worker(registry);
        var tenant = await Seed.TenantAsync(registry, "acme");
        var (locked, free) = (await DispatchAsync(tenant, "locked"), await DispatchAsync(tenant, "free"));
        Task<LeaseOutcome> asking;
        await using (var connection = await registry.OpenConnectionAsync())
        await using (await connection.BeginTransactionAsync())
        {
            await using var block = connection.CreateCommand();
            block.CommandText = "select 1 from operation_steps where step = 'locked' for update";
            await block.ExecuteNonQueryAsync();
            asking = worker.TakeAsync(locked, default);
            await WaitingAsync(registry, 1);

            (await worker.TakeAsync(free, default).WaitAsync(WaitLimit.Seconds(20))).Reply.Outcome.ShouldBe(LeaseAnswer.Taken);
            asking.IsCompleted.ShouldBeFalse();
        }

        (await asking).Reply.Outcome.ShouldBe(LeaseAnswer.Taken);
    }

    private static LeaseManager Worker(NpgsqlDataSource registry) =>
        new(new SqlLeaseStore(registry, new RegistryClock()), Options.Create(new WorkersOptions()), TimeProvider.System, NullLogger<LeaseManager>.Instance);

    private static async Task<ExecuteStep> DispatchAsync(SeededTenant tenant, string step)
    {
        await tenant.Registry.ExecuteAsync("insert into operation_steps (operation_id, step, fence) values (@OperationId, @step, 1)", new { tenant.OperationId, step });
        return new ExecuteStep
        {
            OperationId = tenant.OperationId, TenantId = tenant.Id, Step = step, Fence = 1, Attempt = 1, Deadline = DateTimeOffset.MaxValue,
        };
    }

    private static async Task WaitingAsync(NpgsqlDataSource registry, int sessions) => await Until.TrueAsync(
        async () => await registry.ScalarAsync<long>(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") >= sessions,
        $"{sessions} sessions wait for the lock");
}
