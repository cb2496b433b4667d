using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Reservation;

/// <summary>After SIGSTOP, a machine failure or a network failure, the connection stays open but nothing arrives.</summary>
public sealed class When_a_worker_freezes_in_a_reservation
{
    // Much shorter than the server's timeout for idle transactions.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Theory]
    // Within the transaction, before any write.
    [InlineData("from database_servers")]
    // When the server's count is changed.
    [InlineData("update database_servers")]
    public async Task Should_let_others_reserve_at_once(string freezesAfter)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var stuck = await world.TenantAsync(IsolationTier.Schema);
        await using var frozen = await FrozenAsync(world, stuck, freezesAfter, idleSeconds: 30);

        foreach (var tier in (IsolationTier[])[IsolationTier.Row, IsolationTier.Schema, IsolationTier.Database])
            await world.ExecuteAsync(await world.TenantAsync(tier), StepNames.Reserve).WaitAsync(Soon, TestContext.Current.CancellationToken);

        frozen.Reserving.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_give_its_own_step_back_when_the_transaction_was_open_for_too_long()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var stuck = await world.TenantAsync(IsolationTier.Schema);
        await using var frozen = await FrozenAsync(world, stuck, "from database_servers", idleSeconds: 5);

        // The next attempt needs the row that the frozen one has locked.
        await world.ExecuteAsync(stuck, StepNames.Reserve).WaitAsync(WaitLimit.Seconds(20), TestContext.Current.CancellationToken);

        (await stuck.ReadAsync()).Placement.ShouldNotBeNull();
        (await world.RegistryAsync<int>("select placed from database_servers where name = 'main'")).ShouldBe(1);
    }

    private static async Task<FrozenWorker> FrozenAsync(DatabaseWorld world, SeededTenant tenant, string after, int idleSeconds)
    {
        var address = new NpgsqlConnectionStringBuilder(world.Registry.ConnectionString);
        var relay = new FreezingRelay(address.Host!, address.Port, after);
        (address.Host, address.Port, address.CommandTimeout) = ("127.0.0.1", relay.Port, 0);
        // A worker's connections, with the limits that every program sets.
        var services = new ServiceCollection().AddLogging().AddRegistry(new ConfigurationBuilder().AddInMemoryCollection(
            [
                new("Saga:Registry:ConnectionString", address.ConnectionString),
                new("Saga:Registry:IdleInTransactionSeconds", idleSeconds.ToString(CultureInfo.InvariantCulture)),
            ]).Build()).BuildServiceProvider();
        var store = new PlacementStore(services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<LeasedTransactions>());
        var context = await tenant.BeginAsync(StepNames.Reserve);
        var reserving = store.ReserveAsync(context.Lease, tenant.Id, IsolationTier.Schema, null, ["main"], CancellationToken.None);
        await Task.WhenAny(relay.Frozen, reserving);
        relay.Frozen.IsCompleted.ShouldBeTrue("the reservation says what it is frozen after");
        return new FrozenWorker(relay, services, reserving);
    }

    private sealed record FrozenWorker(FreezingRelay Relay, ServiceProvider Services, Task Reserving) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Relay.DisposeAsync();
            await Reserving.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await Services.DisposeAsync();
        }
    }
}
