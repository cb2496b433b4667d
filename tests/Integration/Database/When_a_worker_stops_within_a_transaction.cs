using Dapper;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Tests.Support;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A process may be paused, or its machine cut off, while the server keeps its locks.</summary>
public sealed class When_a_worker_stops_within_a_transaction
{
    private static readonly (string, string) Bound = ("Saga:Databases:IdleInTransactionSeconds", "5");

    [Fact]
    public async Task Should_lose_its_locks()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: Bound);
        await using var stopped = await world.Get<DatabaseServers>().OpenAsync("main", "postgres", default);
        var key = Random.Shared.NextInt64();

        var error = await Should.ThrowAsync<StepFailureException>(() => stopped.InTransactionAsync(
            async () =>
            {
                await stopped.ExecuteAsync("select pg_advisory_xact_lock(@key)", default, new { key });
                await using var other = new NpgsqlConnection(world.Admin + ";Pooling=false");
                await other.ExecuteAsync("select pg_advisory_xact_lock(@key)", new { key }, commandTimeout: (int)WaitLimit.Seconds(30).TotalSeconds);
            }, default));

        error.Failure.Kind.ShouldNotBe(FailureKind.Permanent, "the step runs again");
    }

    [Fact]
    public async Task Should_keep_a_long_reading_whose_rows_are_written_elsewhere()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: Bound);
        await using var session = await world.Get<DatabaseServers>().OpenAsync("main", "postgres", default);
        await using var reading = await MoveSession.BeginSourceAsync(session, default);

        (await reading.ScalarAsync<string>("show idle_in_transaction_session_timeout", default)).ShouldBe("0");
        (await reading.ScalarAsync<string>("show transaction_read_only", default)).ShouldBe("on");
    }
}
