using System.Globalization;
using Dapper;
using Npgsql;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>
/// Two processes of each program run commands of all kinds while everything that they need goes away in turn, also a disk's room and the network of half of
/// the processes. Keycloak is the stub; all other systems are real. By default this is brief; <c>SAGA_TEST_LIVES=100</c> makes it long.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_all_commands_meet_disturbances
{
    private readonly Extent extent = Extent.OfLives();
    private readonly int seed = RunSeed.Value;

    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_end_every_operation_and_have_the_outside_equal_to_the_registry()
    {
        await using var issuer = await TestIssuer.StartAsync();
        var world = await World.SharedAsync();
        var disk = SmallDisk.CanBeMounted ? await SmallDisk.MountAsync(extent.DiskMegabytes) : null;
        var other = disk?.Postgres ?? await World.NewPostgresAsync();
        var site = await world.NewSiteAsync(new SiteServer("main", world.Postgres.ConnectionString("postgres")), new SiteServer("other", other.ConnectionString("postgres")));
        Configure(site, issuer);
        await using var registry = new NetworkLink(world.Postgres.Port);
        await using var broker = new NetworkLink(new Uri(site.Settings["Saga:Bus:RabbitMq"]!).Port);
        await using var installation = new Installation(site.Settings, Behind(site.Settings, registry, broker));
        await installation.ReadyAsync();
        using var http = new HttpCaller(installation.Apis, Token(issuer));

        var random = new Random(seed);
        var commands = Enumerable.Range(0, extent.Tenants).Select(_ => Site.NewCommand("custom")).ToList();
        await Task.WhenAll([new AmqpCaller(site.Settings["Saga:Bus:RabbitMq"]!).SendAsync(commands.Where((_, n) => n % 2 == 0)), .. commands.Where((_, n) => n % 2 == 1).Select(http.PostAsync)]);
        var lives = commands.Select(c => new TenantLife(site, http, c.Slug, new Random(random.Next()))).ToList();
        using var over = new CancellationTokenSource();
        var living = lives.Select(l => l.LiveAsync(over.Token)).ToList();

        List<Disturbance> all =
        [
            .. Disturbance.All(site, installation, extent, random), Disturbance.LostNetwork([registry, broker], extent), .. disk is null ? Array.Empty<Disturbance>() : [Disturbance.FullDisk(disk, extent)],
        ];
        var kills = 0;
        do
        {
            var turns = all.ToArray();
            random.Shuffle(turns);
            foreach (var disturbance in turns)
            {
                Say($"{disturbance.Name}; seed {seed}, {lives.Sum(l => l.Operations.Count)} operations, {kills} kills");
                await disturbance.RunAsync();
                await Disturbance.KillAsync(installation, extent, random);
                kills += extent.Kills;
                if (living.Find(l => l.IsFaulted) is { } failed)
                    await failed;
            }
        }
        while (kills < extent.AllKills || lives.Sum(l => l.Operations.Count) < extent.Operations);

        await over.CancelAsync();
        await Task.WhenAll(living).WaitAsync(extent.Limit);
        await RestAsync(site);
        Say($"{lives.Sum(l => l.Operations.Count)} operations of {extent.Tenants} tenants, {kills} kills: {string.Join(", ", lives.SelectMany(l => l.Kinds).GroupBy(k => k, StringComparer.Ordinal).OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => $"{k.Count()} {k.Key}"))}");
        await RepairAsync(site, http);
        foreach (var life in lives)
        {
            (await life.RowsAsync()).ShouldBe(life.Rows, $"seed {seed}: the rows of {life.Slug}, {life.Id}");
            (await ListAsync<Guid>(site, "select id from operations where tenant_id = @Value and kind <> 'provision' and replay_of is null order by created_at, id", new { life.Id.Value }))
                .ShouldBe(life.Operations, $"seed {seed}: each command of {life.Slug} is one operation, however often it was sent");
        }

        await DeprovisionAsync(site, http, lives.Where((_, i) => i % 4 == 0));
        await ExternalState.CompareAsync(site);
        await ScanAsync(site, http, lives);
        await installation.StopAsync();
    }

    private void Configure(Site site, TestIssuer issuer)
    {
        site.Settings["Saga:Auth:Authority"] = issuer.Authority;
        site.Settings["Saga:Auth:Audience"] = TestIssuer.Audience;
        site.Settings["Saga:Auth:RequireHttps"] = "false";
        site.Settings["Saga:Credentials:DrainSeconds"] = "2";
        site.Settings["Saga:Workers:LeaseSeconds"] = extent.LeaseSeconds.ToString(CultureInfo.InvariantCulture);
    }

    private static Dictionary<string, string?> Behind(Dictionary<string, string?> settings, NetworkLink registry, NetworkLink broker)
    {
        const string Registry = "Saga:Registry:ConnectionString", Broker = "Saga:Bus:RabbitMq";
        return new(settings, StringComparer.OrdinalIgnoreCase)
        {
            [Registry] = new NpgsqlConnectionStringBuilder(settings[Registry]) { Port = registry.Port }.ConnectionString,
            [Broker] = new UriBuilder(settings[Broker]!) { Port = broker.Port }.Uri.ToString(),
        };
    }

    private static string Token(TestIssuer issuer)
    {
        var claims = issuer.Claims("platform-admin");
        claims["exp"] = TestIssuer.Now(seconds: 6 * 60 * 60);
        return issuer.Sign(claims);
    }

    private async Task RestAsync(Site site)
    {
        var moving = Array.Empty<string>();
        try
        {
            await Until.TrueAsync(
                async () => (moving = [.. await ListAsync<string>(site, "select concat_ws(' ', kind, id, state) from operations where state in ('accepted', 'running', 'compensating')")]).Length == 0,
                $"every operation ends (seed {seed})", extent.Limit);
        }
        catch (TimeoutException error)
        {
            var stories = await Task.WhenAll(moving.Take(3).Select(async m => $"{m}\n{await site.StoryAsync(Guid.Parse(m.Split(' ')[1]))}"));
            throw new TimeoutException($"{error.Message}\n{string.Join("\n\n", stories)}", error);
        }
    }

    // What did not complete says why. An operator replays what stalled, now that everything is back.
    private async Task RepairAsync(Site site, HttpCaller http)
    {
        var others = await ListAsync<(Guid Id, string Kind, string State, string? Code)>(site, "select id, kind, state, failure ->> 'code' from operations where state <> 'completed' order by created_at");
        foreach (var (id, kind, state, code) in others)
        {
            Say($"{kind} {id} is {state}: {code}\n{await site.StoryAsync(id)}");
            code.ShouldNotBeNullOrEmpty($"seed {seed}: {kind} {id}");
        }

        foreach (var (id, _, _, _) in others.Where(o => o.State == "stalled"))
            await http.SendAsync(HttpMethod.Post, $"/api/v1/operations/{id}/replay", new { reason = "Everything is back." }, $"replay-{id}");
        await Until.TrueAsync(async () => (await ListAsync<Guid>(site, "select id from operations where state = 'stalled'")).Count == 0, $"what stalled ends (seed {seed})", extent.Limit);
        await RestAsync(site);
    }

    private async Task DeprovisionAsync(Site site, HttpCaller http, IEnumerable<TenantLife> some)
    {
        var ids = some.Select(l => l.Id.Value).ToArray();
        foreach (var life in some)
        {
            await http.SendAsync(
                HttpMethod.Post, $"/api/v1/tenants/{life.Slug}/deprovision", new { confirm = life.Slug, backup = true, graceDays = 0, confirmNoGrace = life.Slug }, $"remove-{life.Slug}");
        }

        await Until.TrueAsync(
            async () => (await ListAsync<Guid>(site, "select id from operations where kind = 'remove' and state = 'completed' and tenant_id = any(@ids)", new { ids })).Count == ids.Length,
            $"{ids.Length} tenants are removed (seed {seed})", extent.Limit);
        await RestAsync(site);
    }

    private async Task ScanAsync(Site site, HttpCaller http, IReadOnlyList<TenantLife> lives)
    {
        // A scan takes a hundred at most, and one runs at a time.
        foreach (var (some, i) in lives.Chunk(100).Select((c, i) => (c, i)))
        {
            await http.SendAsync(HttpMethod.Post, "/api/v1/drift/scans", new { tenants = some.Select(l => l.Id), includeRecent = true }, string.Create(CultureInfo.InvariantCulture, $"scan-{i}"));
            await RestAsync(site);
        }

        (await http.GetAsync("/api/v1/drift?limit=100")).GetProperty("items").EnumerateArray().Select(f => f.ToString()).ShouldBeEmpty($"seed {seed}");
    }

    private static async Task<List<T>> ListAsync<T>(Site site, string sql, object? parameters = null)
    {
        await using var connection = await site.Registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<T>(sql, parameters)];
    }

    private static void Say(string words) => TestContext.Current.TestOutputHelper?.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss} {words}");
}
