using Dapper;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

[Collection(Alone.Name)]
public sealed class When_many_tenants_are_provisioned_at_once
{
    private const int Tenants = 100;
    private const int OnFirst = 60;

    [Fact]
    [InTurn(2, of: 6)]
    public async Task Should_activate_all_and_overfill_no_server()
    {
        var first = (await World.SharedAsync()).Postgres;
        var second = await World.NewPostgresAsync();
        // Exactly enough room for all, so that one placement too many on either server would be noticed.
        await using var running = await RunningSite.StartAsync(
            servers: [new SiteServer("first", first.ConnectionString("postgres"), OnFirst), new SiteServer("second", second.ConnectionString("postgres"), Tenants - OnFirst)]);

        var accepted = await running.SubmitAsync(Tenants);

        await running.EndAsync(accepted, OperationState.Completed, TimeSpan.FromMinutes(4));
        await using (var connection = await running.Site.Registry.OpenConnectionAsync())
        {
            var placed = await connection.QueryAsync<(string Server, long Count)>(
                "select server, count(*) from placements where state = 'current' group by 1 order by 1");
            placed.ToArray().ShouldBe(new[] { ("first", (long)OnFirst), ("second", (long)(Tenants - OnFirst)) });
        }

        (await Should.ThrowAsync<InvalidOperationException>(() => running.SubmitAsync(1))).Message.ShouldContain("server-full");
    }
}
