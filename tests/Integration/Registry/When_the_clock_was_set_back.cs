using Dapper;
using Npgsql;
using Saga.Registry;
using Saga.Registry.Sweep;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>The heartbeat then moves all due times back, while others lock the same rows in the order of their ids.</summary>
public sealed class When_the_clock_was_set_back
{
    [Theory]
    [InlineData("select 1 from operations where id = @id for no key update")]
    [InlineData("select 1 from operation_steps where operation_id = @id for no key update")]
    [InlineData("select 1 from outbox where message_id = @id for no key update")]
    public async Task Should_lock_rows_in_the_same_order_as_others(string lockRow)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
            ids.Add((await Seed.TenantAsync(registry, $"t{i}")).OperationId);
        ids.Sort();
        // A scan returns the rows in the opposite order.
        foreach (var id in Enumerable.Reverse(ids))
        {
            await registry.ExecuteAsync(
                """
                update operations set next_due_at = now() where id = @id;
                insert into operation_steps (operation_id, step, fence, status, due_at) values (@id, 'one', 1, 'running', now());
                insert into outbox (message_id, message_type, destination, body, claimed_until) values (@id, '', '', '', now())
                """, new { id });
        }

        await registry.ExecuteAsync("update engine_clock set beat_at = now() + interval '3 hours'");
        await using var other = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await other.ExecuteAsync(lockRow, new { id = ids[0] }, transaction);

        var beating = new SqlDowntimeStore(registry, new RegistryClock()).BeatAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())") > 0, "the heartbeat waits");
        foreach (var id in ids)
            await other.ExecuteAsync(lockRow, new { id }, transaction);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        (await beating).ShouldBeLessThan(TimeSpan.FromHours(-2));
        (await registry.ScalarAsync<long>("select deadlocks from pg_stat_database where datname = current_database()")).ShouldBe(0);
        (await registry.ScalarAsync<bool>("select bool_and(next_due_at < now() - interval '2 hours') from operations")).ShouldBeTrue();
    }
}
