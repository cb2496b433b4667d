using Dapper;
using Saga.Contracts.Commands;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>
/// During an upgrade the version before and this one share a registry and a broker, in every role. <c>./dev test</c> builds the version before, which
/// is the one that <c>dev</c> says is in use or the one that <c>SAGA_TEST_FORMER</c> names.
/// </summary>
[Collection(Alone.Name)]
[InTurn(5, of: 6)]
public sealed class When_two_versions_run_side_by_side
{
    private static readonly string[] Plans = ["basic", "premium", "enterprise"];

    [Fact]
    public async Task Should_complete_every_command_before_during_and_after_the_upgrade()
    {
        var former = FormerPrograms.FromEnvironment();
        await using var issuer = await TestIssuer.StartAsync();
        var site = await (await World.SharedAsync()).NewSiteAsync();
        site.Settings["Saga:Auth:Authority"] = issuer.Authority;
        site.Settings["Saga:Auth:Audience"] = TestIssuer.Audience;
        site.Settings["Saga:Auth:RequireHttps"] = "false";
        await using var installation = new Installation(site.Settings, former);
        await installation.ReadyAsync();
        using var http = new HttpCaller(installation.Apis, issuer.Sign(issuer.Claims("platform-admin")));
        var amqp = new AmqpCaller(site.Settings["Saga:Bus:RabbitMq"]!);
        var commands = Enumerable.Range(0, 6).Select(i => Site.NewCommand(Plans[i % Plans.Length])).ToList();
        var (first, second) = (commands[..3], commands[3..]);

        await ProvisionAsync(first);
        await EndAsync(site, 3);

        var upgrading = installation.UpgradeAsync();
        await Task.WhenAll([ProvisionAsync(second), .. first.Select(c => http.PostAsync($"/api/v1/tenants/{c.Slug}/suspend", new { reason = "Late payment." }, $"suspend-{c.Slug}"))]);
        await upgrading;
        await EndAsync(site, 9);

        await Task.WhenAll(first.Select(c => http.PostAsync($"/api/v1/tenants/{c.Slug}/reactivate", new { reason = "Paid." }, $"reactivate-{c.Slug}")));
        await EndAsync(site, 12);
        await ExternalState.CompareAsync(site);
        await installation.StopAsync();

        Task ProvisionAsync(List<ProvisionTenant> some) => Task.WhenAll([amqp.SendAsync(some.Where((_, n) => n % 2 == 0)), .. some.Where((_, n) => n % 2 == 1).Select(http.PostAsync)]);
    }

    private static async Task EndAsync(Site site, int count)
    {
        var states = Array.Empty<(Guid Id, string State)>();
        await Until.TrueAsync(
            async () =>
            {
                await using var connection = await site.Registry.OpenConnectionAsync();
                states = [.. await connection.QueryAsync<(Guid, string)>("select id, state from operations")];
                return states.Length >= count && states.All(s => s.State is "completed" or "compensated" or "stalled");
            }, $"{count} operations end", TimeSpan.FromMinutes(2));

        var stories = await Task.WhenAll(states.Where(s => s.State != "completed").Take(5).Select(s => site.StoryAsync(s.Id)));
        states.ShouldAllBe(s => s.State == "completed", string.Join("\n\n", stories));
        states.Length.ShouldBe(count, "each command is one operation, however often it was sent");
    }
}
