using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Api;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_server_is_open_to_every_login(OwnServer server) : IClassFixture<OwnServer>
{
    [Fact]
    public async Task Should_say_at_start_which_databases_are_open_and_how_to_close_them()
    {
        var lines = new LogLines();
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, change: s => s.AddSingleton<ILoggerProvider>(lines));
        await world.Get<ServerWalls>().CheckAsync("main", default);
        Warnings(lines).ShouldBeEmpty();
        await world.AdminQueryAsync<string>("postgres", "create database \"Team's\"");
        await world.AdminQueryAsync<string>("postgres", "grant connect on database postgres to public; grant temporary on database template1 to public");

        await world.Get<ServerWalls>().CheckAsync("main", default);

        const string statement = "REVOKE CONNECT, TEMPORARY ON DATABASE \"Team's\", postgres, template1 FROM PUBLIC;";
        Warnings(lines).ShouldHaveSingleItem().TrimEnd().ShouldEndWith(statement);
        await world.Get<ServerWalls>().CheckAsync("main", default);
        Warnings(lines).Count().ShouldBe(1, "nothing has changed");
        await world.AdminQueryAsync<string>("postgres", statement);
        await world.Get<ServerWalls>().CheckAsync("main", default);
        Warnings(lines).Count().ShouldBe(1, "nothing is open any more");
    }

    [Fact]
    public async Task Should_look_again_while_workers_run()
    {
        var (lines, time) = (new LogLines(), new TestClock());
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString, change: s => s.AddSingleton<ILoggerProvider>(lines));
        using var watch = new ServerWallsWatch(
            world.Get<ServerWalls>(), world.Get<DatabaseServers>(), Options.Create(new WallOptions { WallCheckMinutes = 3 }), time, NullLogger<ServerWallsWatch>.Instance);
        await watch.StartAsync(default);
        await world.AdminQueryAsync<string>("postgres", "create database opened_later");
        try
        {
            await Until.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromMinutes(3));
                    return Task.FromResult(Warnings(lines).Any(l => l.Contains("opened_later", StringComparison.Ordinal)));
                },
                "the open database is named");
        }
        finally
        {
            await watch.StopAsync(default);
            await world.AdminQueryAsync<string>("postgres", "drop database opened_later");
        }
    }

    private static IEnumerable<string> Warnings(LogLines lines) => lines.All.Where(l => l.StartsWith("2302 ", StringComparison.Ordinal));

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_fail_verification_with_the_statement_that_closes_it(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(server: server.ConnectionString);
        var tenant = await world.ReadyAsync(tier);
        await world.AdminQueryAsync<string>("postgres", "grant connect on database postgres to public");
        try
        {
            var error = await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant));
            error.Failure.Code.ShouldBe("isolation-broken");
            error.Failure.Message.ShouldContain("it may connect to database 'postgres'");
            error.Failure.Remedy.ShouldNotBeNull().ShouldContain("REVOKE CONNECT, TEMPORARY ON DATABASE postgres FROM PUBLIC;");
        }
        finally
        {
            await world.AdminQueryAsync<string>("postgres", "revoke connect on database postgres from public");
        }

        await VerifyAsync(world, tenant);
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
}
