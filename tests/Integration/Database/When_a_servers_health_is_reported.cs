using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Registry.Placements;
using Saga.Tests.Support;
using Saga.Workers.Database.Servers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_servers_health_is_reported
{
    [Fact]
    public async Task Should_say_whether_it_answers_and_which_version_it_has()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var server = world.Get<DatabaseServers>().Names.First();
        await Seed.ServerAsync(world.Registry, server);
        var listing = new ServerListing(world.Registry, new RegistryClock());

        await Watch(world.Get<DatabaseServers>(), world).LookAsync(server, default);

        var healthy = (await listing.ListAsync(null, null, 10, default)).Items.Single(s => s.Name == server);
        (healthy.IsFresh, healthy.Failure).ShouldBe((true, null));
        healthy.Version.ShouldNotBeNull().ShouldMatch(@"^\d+\.\d+");
    }

    [Fact]
    public async Task Should_say_why_it_cannot_be_used()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        await Seed.ServerAsync(world.Registry, "away");
        var options = new DatabasesOptions { Servers = { ["away"] = new() { ConnectionString = "Host=127.0.0.1;Port=1;Username=nobody;Password=x;Timeout=3" } } };
        await using var servers = new DatabaseServers(Options.Create(options), Options.Create(new Saga.Workers.Database.Walls.LockOptions()), world.Get<ConnectionBudgets>());

        await Watch(servers, world).LookAsync("away", default);

        var away = (await new ServerListing(world.Registry, new RegistryClock()).ListAsync(null, null, 10, default)).Items.Single(s => s.Name == "away");
        (away.IsFresh, away.Version).ShouldBe((true, null));
        away.Failure.ShouldNotBeNull().ShouldContain("away");
    }

    private static ServerHealthWatch Watch(DatabaseServers servers, DatabaseWorld world) => new(
        servers, new ServerHealthStore(world.Registry, new RegistryClock()), Options.Create(new ServerHealthOptions()), TimeProvider.System, NullLogger<ServerHealthWatch>.Instance);
}
