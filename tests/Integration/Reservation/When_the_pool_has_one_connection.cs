using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry;
using Saga.Tests.Integration.Database;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Reservation;

/// <summary>
/// Many reservations at once take every connection of a pool. If each needed a second one, all would wait until they time out. A pool
/// of one connection shows the same with one reservation.
/// </summary>
public sealed class When_the_pool_has_one_connection
{
    [Fact]
    public async Task Should_reserve_a_place()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Row);
        var context = await tenant.BeginAsync(StepNames.Reserve);
        await using var registry = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(world.Registry.ConnectionString) { MaxPoolSize = 1, Timeout = 2 });
        var store = new PlacementStore(registry, new LeasedTransactions(registry, new RegistryClock()));

        var result = await store.ReserveAsync(context.Lease, tenant.Id, IsolationTier.Row, null, ["main"], TestContext.Current.CancellationToken);

        result.Placement.ShouldNotBeNull();
    }
}
