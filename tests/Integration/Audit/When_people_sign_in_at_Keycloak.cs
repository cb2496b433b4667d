using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Registry;
using Saga.Registry.Audit;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.Keycloak.Real;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Keycloak.SignIns;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Audit;

public sealed class When_people_sign_in_at_Keycloak : IAsyncLifetime
{
    private const string Console = "saga-console";
    private const string Ada = "3f1f7d5e-0000-4000-8000-000000000001";
    private readonly List<IAsyncDisposable> opened = [];
    private NpgsqlDataSource registry = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        await ProgramLogins.EnsureAsync(registry);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var one in opened)
            await one.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_write_each_once_and_never_what_was_typed()
    {
        await using var keycloak = await KeycloakStub.StartAsync(new() { ServiceAccountRoles = ["manage-organizations", "manage-users", "view-events"] });
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var minute = now - (now % 60_000);
        keycloak.Save(
            new("in", minute, "LOGIN", Console, Ada, "203.0.113.7"), new("other", minute, "LOGIN", "shop", Ada, "203.0.113.7"),
            new("wrong-1", minute + 1, "LOGIN_ERROR", Console, Ada, "203.0.113.8", "invalid_user_credentials"), new("wrong-2", minute + 2, "LOGIN_ERROR", Console, Ada, "203.0.113.8", "invalid_user_credentials"),
            new("nobody", minute + 3, "LOGIN_ERROR", Console, null, "::ffff:203.0.113.9", "user_not_found"), new("odd", minute + 4, "LOGIN_ERROR", Console, null, "nowhere", "<b>"));
        var (first, second) = (Reader(keycloak.Settings), Reader(keycloak.Settings));

        await Task.WhenAll(first.PassAsync(default), second.PassAsync(default));
        await first.PassAsync(default);
        // Keycloak shows it late.
        keycloak.Save(new StubEvent("late", minute - 60_000, "LOGIN", Console, Ada, null));
        await second.PassAsync(default);

        (await LinesAsync()).ShouldBe(
        [
            $"{Ada} directory allowed  1",
            $"{Ada} directory 203.0.113.7 allowed  1",
            $"{Ada} directory 203.0.113.8 refused invalid_user_credentials 2",
            "anonymous directory 203.0.113.9 refused user_not_found 1",
            "anonymous directory refused unknown 1",
        ], ignoreOrder: true);
        keycloak.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_read_all_pages_and_forget_old_ids()
    {
        await using var keycloak = await KeycloakStub.StartAsync(new() { ServiceAccountRoles = ["manage-organizations", "manage-users", "view-events"] });
        var reader = Reader(keycloak.Settings);
        var begin = DateTimeOffset.UtcNow;
        keycloak.Save(new StubEvent("first", begin.ToUnixTimeMilliseconds(), "LOGIN", Console, Ada));
        await reader.PassAsync(default);
        // More than a page, over two hours.
        keycloak.Save(Enumerable.Range(1, 240).Select(i => new StubEvent($"in-{i}", begin.AddSeconds(30 * i).ToUnixTimeMilliseconds(), "LOGIN", Console, Ada)));

        await reader.PassAsync(default);
        await reader.PassAsync(default);

        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'user.authenticate'")).ShouldBe(241);
        (await registry.ScalarAsync<long>("select count(*) from directory_sign_ins")).ShouldBeInRange(120, 123, "the last hour's");
    }

    [Fact]
    public async Task Should_say_which_role_is_missing()
    {
        await using var keycloak = await KeycloakStub.StartAsync();

        var error = await Should.ThrowAsync<StepFailureException>(() => Reader(keycloak.Settings).PassAsync(default));

        error.Failure.Message.ShouldContain("events");
        (await LinesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_seen_at_a_real_Keycloak()
    {
        var missing = await RealKeycloak.MissingAsync();
        Assert.SkipWhen(missing is not null, missing ?? "");
        await using var realm = await RealRealm.ImportAsync(RealmFile.Read());
        await realm.GrantServiceAccountAsync("view-events");
        await realm.ChangeAsync(new JsonObject { ["eventsEnabled"] = true, ["enabledEventTypes"] = new JsonArray("LOGIN", "LOGIN_ERROR") });
        var user = await realm.AddUserAsync("ada", "ada@acme.example");
        await realm.SignInAsync("saga-people", user, "openid");
        var reader = Reader(realm.Settings(), "saga-people");

        await Until.TrueAsync(async () =>
        {
            await reader.PassAsync(default);
            return (await LinesAsync()).Count > 0;
        }, "the sign-in is in the audit log");

        (await LinesAsync()).ShouldHaveSingleItem().ShouldMatch($"^{user} directory [0-9a-f.:]+ allowed  1$");
    }

    private SignInReader Reader(IReadOnlyDictionary<string, string?> keycloak, string client = Console)
    {
        // With the workers' rights.
        var workers = NpgsqlDataSource.Create(ProgramLogins.On(registry.ConnectionString, ProgramLogins.Workers));
        var values = new Dictionary<string, string?>(keycloak, StringComparer.Ordinal) { ["Saga:Identity:Keycloak:SignIns:Clients:0"] = client, ["Saga:Identity:Keycloak:TimeoutSeconds"] = "60" };
        var services = new ServiceCollection().AddLogging().AddDirectory(new ConfigurationBuilder().AddInMemoryCollection(values).Build())
            .AddSingleton(new SignInStore(workers, new RegistryClock())).BuildServiceProvider();
        opened.Add(services);
        opened.Add(workers);
        return services.GetRequiredService<SignInReader>();
    }

    private async Task<IReadOnlyList<string>> LinesAsync()
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>(
            "select actor || ' ' || origin || ' ' || outcome || ' ' || coalesce(reason, '') || ' ' || (detail ->> 'times') from audit where action = 'user.authenticate' order by id")];
    }
}
