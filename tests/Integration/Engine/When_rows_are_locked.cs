using Npgsql;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

/// <summary>Any number of relays and sweepers run. Rows locked by one do not delay the others.</summary>
public sealed class When_rows_are_locked
{
    [Theory]
    // Messages that only the relay sends.
    [InlineData("update operations set next_due_at = null", "select 1 from outbox where body like '%' || $1 || '%' for update")]
    // Operations that only the sweeper wakes.
    [InlineData("delete from outbox; update operations set next_due_at = now()", "select 1 from operations where id = $1::uuid for update")]
    public async Task Should_continue_with_those_that_are_not(string before, string lockOne)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (locked, free) = (await SubmitAsync(registry), await SubmitAsync(registry));
        await registry.ExecuteAsync(before);
        await using var connection = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await LockAsync(connection, lockOne, locked);

        // On the in-memory bus, operations are also started again at the process's start.
        await using var host = await EngineHost.StartAsync(registry, await RabbitServer.NewVirtualHostAsync(), [new ScriptedStep("one")]);

        (await host.EndAsync(free)).ShouldBe(OperationState.Completed);
        (await StateAsync(registry, locked)).ShouldBe("accepted");
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        (await host.EndAsync(locked)).ShouldBe(OperationState.Completed);
    }

    [Fact]
    public async Task Should_wake_again_later_what_a_wake_did_not_move()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var operation = await SubmitAsync(registry);
        // A stalled operation ignores it, which has the same effect as a purged queue.
        await registry.ExecuteAsync("delete from outbox; update operations set state = 'stalled', next_due_at = now() - interval '1 hour'");

        await using var host = await EngineHost.StartAsync(registry, null, [new ScriptedStep("one")]);

        await Until.TrueAsync(
            async () => await registry.ScalarAsync<bool>("select next_due_at > now() and next_due_at <= now() + interval '10 seconds' from operations"),
            "it is postponed, not lost");
        (await StateAsync(registry, operation)).ShouldBe("stalled");
    }

    private static Task<Guid> SubmitAsync(NpgsqlDataSource registry) => EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));

    private static Task<string?> StateAsync(NpgsqlDataSource registry, Guid operation) =>
        registry.ScalarAsync<string>("select state from operations where id = @operation", new { operation });

    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection connection, string sql, Guid operation)
    {
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection, transaction) { Parameters = { new() { Value = operation.ToString() } } };
        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        return transaction;
    }
}
