using Npgsql;
using Saga.Tests.Support;
using Saga.Workers.Database.Servers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Connections;

public sealed class When_connections_have_a_budget
{
    private readonly TestClock time = new();

    [Fact]
    public async Task Should_make_a_caller_wait_until_one_is_returned()
    {
        await using var connections = new ServerConnections(2, time);
        var first = await connections.ReserveAsync(default);
        var second = connections.ReserveAsync(default);
        second.IsCompleted.ShouldBeFalse();
        await first.DisposeAsync();
        await using var reserved = await second;
        connections.Count.ShouldBe((1, 0));
    }

    [Fact]
    public async Task Should_reuse_an_idle_connection_to_the_same_database()
    {
        await using var connections = new ServerConnections(3, time);
        var kept = await KeepAsync(connections, "a");
        await using var reservation = await connections.ReserveAsync(default);
        reservation.Take("b").ShouldBeNull();
        reservation.Take("a").ShouldBeSameAs(kept);
        reservation.Take("a").ShouldBeNull();
        connections.Count.ShouldBe((1, 0));
    }

    [Fact]
    public async Task Should_close_the_oldest_idle_one_for_a_new_one()
    {
        await using var connections = new ServerConnections(2, time);
        await KeepAsync(connections, "a");
        await KeepAsync(connections, "b");
        connections.Count.ShouldBe((0, 2));
        await using var reservation = await connections.ReserveAsync(default);
        connections.Count.ShouldBe((1, 1));
        reservation.Take("a").ShouldBeNull();
        reservation.Take("b").ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_close_what_nobody_used_for_a_while()
    {
        await using var connections = new ServerConnections(4, time);
        await KeepAsync(connections, "a");
        time.Advance(TimeSpan.FromSeconds(10));
        await KeepAsync(connections, "b");
        time.Advance(TimeSpan.FromSeconds(6));
        await connections.CloseOldAsync();
        await using var reservation = await connections.ReserveAsync(default);
        reservation.Take("a").ShouldBeNull();
        reservation.Take("b").ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_not_lock_up_when_many_need_two_at_once()
    {
        await using var connections = new ServerConnections(4, time);
        var most = 0;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            await Task.Yield();
            await using var both = await connections.ReserveAsync(2, default);
            most = Math.Max(most, connections.Count.InUse);
            await Task.Yield();
        }));
        most.ShouldBeLessThanOrEqualTo(3);
        connections.Count.ShouldBe((0, 0));
    }

    [Fact]
    public async Task Should_keep_one_for_callers_that_need_a_second()
    {
        await using var connections = new ServerConnections(2, time);
        await using var first = await connections.ReserveAsync(default);
        connections.ReserveAsync(default).IsCompleted.ShouldBeFalse();
        await using var second = await connections.ReserveSecondAsync(default);
        connections.Count.ShouldBe((2, 0));
    }

    [Fact]
    public async Task Should_count_a_reservation_once_however_often_it_is_disposed()
    {
        await using var connections = new ServerConnections(2, time);
        var first = await connections.ReserveAsync(default);
        await first.DisposeAsync();
        await first.DisposeAsync();
        await using var second = await connections.ReserveAsync(default);
        connections.ReserveAsync(default).IsCompleted.ShouldBeFalse();
    }

    private static async Task<NpgsqlConnection> KeepAsync(ServerConnections connections, string database)
    {
        var reservation = await connections.ReserveAsync(default);
        var connection = new NpgsqlConnection();
        await reservation.KeepAsync(database, connection);
        return connection;
    }
}
