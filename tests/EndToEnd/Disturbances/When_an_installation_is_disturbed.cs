using System.Globalization;
using System.Security.Cryptography;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>
/// Two processes of each program provision tenants while everything that they need goes away in turn. Keycloak is the stub; all other
/// systems are real. By default this is brief; <c>SAGA_TEST_INSTALLATION_TENANTS=1000</c> makes it long.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_an_installation_is_disturbed
{
    private static readonly string[] Plans = ["basic", "premium", "enterprise"];
    private readonly Extent extent = Extent.FromEnvironment();
    private readonly int seed = int.TryParse(Environment.GetEnvironmentVariable("SAGA_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : RandomNumberGenerator.GetInt32(int.MaxValue);

    [Fact]
    [InTurn(0, of: 6)]
    public async Task Should_complete_every_tenant_once()
    {
        await using var issuer = await TestIssuer.StartAsync();
        var site = await (await World.SharedAsync()).NewSiteAsync();
        Configure(site, issuer);
        await using var installation = new Installation(site.Settings);
        await installation.ReadyAsync();
        using var http = new HttpCaller(installation.Apis, Token(issuer));
        var amqp = new AmqpCaller(site.Settings["Saga:Bus:RabbitMq"]!);
        var commands = Enumerable.Range(0, extent.Tenants).Select(i => Site.NewCommand(Plans[i % Plans.Length])).ToList();
        var disturbances = Disturbance.All(site, installation, extent, new Random(seed));

        var posted = 0;
        foreach (var (disturbance, i) in disturbances.Select((d, i) => (d, i)))
        {
            // The next ones, so that there is work whenever something goes wrong.
            var next = commands[posted..(extent.Tenants * (i + 1) / disturbances.Count)];
            posted += next.Count;
            var before = await CountAsync(site);
            var posting = Task.WhenAll([amqp.SendAsync(next.Where((_, n) => n % 2 == 0)), .. next.Where((_, n) => n % 2 == 1).Select(http.PostAsync)]);
            await Until.TrueAsync(async () => await CountAsync(site) > before, $"work is under way before {disturbance.Name}", extent.Limit);
            TestContext.Current.TestOutputHelper?.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss} {disturbance.Name}, seed {seed}: {posted} of {extent.Tenants} sent");
            await disturbance.RunAsync();
            await posting.WaitAsync(extent.Limit);
        }

        await installation.ReadyAsync();
        await EndAsync(site);
        await ExternalState.CompareAsync(site);
        await OneMailForEachAttemptAtMostAsync(site, commands);
        await installation.StopAsync();
    }

    private void Configure(Site site, TestIssuer issuer)
    {
        site.Settings["Saga:Auth:Authority"] = issuer.Authority;
        site.Settings["Saga:Auth:Audience"] = TestIssuer.Audience;
        site.Settings["Saga:Auth:RequireHttps"] = "false";
        site.Settings["Saga:Workers:LeaseSeconds"] = extent.LeaseSeconds.ToString(CultureInfo.InvariantCulture);
    }

    private static string Token(TestIssuer issuer)
    {
        var claims = issuer.Claims("platform-admin");
        claims["exp"] = TestIssuer.Now(seconds: 6 * 60 * 60);
        return issuer.Sign(claims);
    }

    private static async Task<long> CountAsync(Site site)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from operations");
    }

    private async Task EndAsync(Site site)
    {
        var states = Array.Empty<(Guid Id, string State)>();
        try
        {
            await Until.TrueAsync(
                async () =>
                {
                    await using var connection = await site.Registry.OpenConnectionAsync();
                    states = [.. await connection.QueryAsync<(Guid, string)>("select id, state from operations")];
                    return states.Length >= extent.Tenants && states.All(s => s.State is "completed" or "compensated" or "stalled");
                }, $"every operation ends (seed {seed})", extent.Limit);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message} {states.Length} operations.\n{await StoriesAsync()}", error);
        }

        states.ShouldAllBe(s => s.State == "completed", $"seed {seed}\n{await StoriesAsync()}");
        states.Length.ShouldBe(extent.Tenants, "each command is one operation, however often it was sent");

        async Task<string> StoriesAsync() =>
            string.Join("\n\n", await Task.WhenAll(states.Where(s => s.State != "completed").Take(5).Select(s => site.StoryAsync(s.Id))));
    }

    // Exactly one mail if the step had one attempt. An attempt whose outcome is unknown, because its worker was killed or the answer
    // was lost, is repeated, and then the same mail may come again under the same Message-ID, by which mail servers recognise it.
    private async Task OneMailForEachAttemptAtMostAsync(Site site, List<ProvisionTenant> commands)
    {
        var mails = site.Mail.Mails.Select(m => (To: m.Recipients.ShouldHaveSingleItem(), Id: m.Headers("Message-ID").ShouldHaveSingleItem())).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine($"{mails.Count} mails to {commands.Count} administrators");
        mails.Distinct().Select(m => m.To).Order(StringComparer.Ordinal).ShouldBe(commands.Select(c => c.AdminEmail).Order(StringComparer.Ordinal));
        await using var connection = await site.Registry.OpenConnectionAsync();
        var attempts = (await connection.QueryAsync<(string Id, long Fence)>(
            "select format('<%s.%s@saga.invalid>', step, replace(operation_id::text, '-', '')), fence from operation_steps where step = @Notify", new { StepNames.Notify }))
            .ToDictionary(s => s.Id, s => s.Fence, StringComparer.Ordinal);
        foreach (var same in mails.GroupBy(m => m.Id, StringComparer.Ordinal))
            same.LongCount().ShouldBeLessThanOrEqualTo(attempts[same.Key], $"seed {seed}: mails {same.Key}, of which each attempt sends one");
    }
}
