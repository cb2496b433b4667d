using System.Text.Json;
using Saga.Registry;
using Saga.Registry.Placements;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_servers_are_listed : ApiTest
{
    [Fact]
    public async Task Should_show_what_each_may_hold_and_holds()
    {
        await ServersAsync();
        await Seed.TenantAsync(Server.Registry, "acme", placement: new("a", "tenant_1", "product"));
        var bolt = await Seed.TenantAsync(Server.Registry, "bolt", tier: Saga.Contracts.Identifiers.IsolationTier.Row, placement: new("a", "saga_rows", "product"));
        await Seed.TenantAsync(Server.Registry, "cord", tier: Saga.Contracts.Identifiers.IsolationTier.Schema, placement: new("a", "saga_schemas_1", "t_1"));
        await Server.ExecuteAsync($"update placements set state = 'kept' where tenant_id = '{bolt.Id}'; update database_servers set accepting = false where name = 'a'");

        var server = (await ItemsAsync("?region=eu")).First();

        JsonElement.DeepEquals(server.GetProperty("used"), JsonElement.Parse("""{"tenants":3,"row":1,"schema":1,"database":1,"kept":1}""")).ShouldBeTrue(server.ToString());
        JsonElement.DeepEquals(server.GetProperty("capacity"), JsonElement.Parse("""{"tenants":10,"schemasPerDatabase":4}""")).ShouldBeTrue(server.ToString());
        (server.GetProperty("name").GetString(), server.GetProperty("region").GetString(), server.GetProperty("accepting").GetBoolean()).ShouldBe(("a", "eu", false));
        server.GetProperty("tiers").EnumerateArray().Select(t => t.GetString()).ShouldBe(["row", "schema", "database"]);
        server.ToString().ShouldNotContain("127.0.0.1", Case.Insensitive, "where a server is, is the operators' business");
    }

    [Fact]
    public async Task Should_say_what_is_not_known()
    {
        await ServersAsync();
        var health = new ServerHealthStore(Server.Registry, new RegistryClock());
        await health.WriteAsync("a", null, "18.4", default);
        await health.WriteAsync("b", null, "15.1", default);
        await health.WriteAsync("b", "Nobody is there.", null, default);
        await health.WriteAsync("c", null, "18.4", default);
        await health.WriteAsync("nowhere", null, "18.4", default);
        await Server.ExecuteAsync("update database_server_health set checked_at = checked_at - interval '6 minutes' where server = 'c'");

        var servers = (await ItemsAsync()).ToDictionary(s => s.GetProperty("name").GetString()!, s => s.GetProperty("health"));

        (State("a"), State("b"), State("c"), State("d")).ShouldBe(("healthy", "unavailable", "unknown", "unknown"));
        (servers["b"].GetProperty("detail").GetString(), servers["b"].GetProperty("postgreSql").GetString()).ShouldBe(("Nobody is there.", "15.1"));
        servers["c"].TryGetProperty("checkedAt", out _).ShouldBeTrue("when it was last known");
        servers["d"].TryGetProperty("checkedAt", out _).ShouldBeFalse();

        string? State(string name) => servers[name].GetProperty("state").GetString();
    }

    [Fact]
    public async Task Should_page_them_by_name()
    {
        await ServersAsync();
        var names = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Server.GetAsync($"/api/v1/servers?limit=1&region=eu{(cursor is null ? "" : $"&cursor={cursor}")}");
            names.Add(page.GetProperty("items").EnumerateArray().Single().GetProperty("name").GetString()!);
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        names.ShouldBe(["a", "b", "c"]);
    }

    [Theory]
    [InlineData("?regoin=eu", "regoin")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?cursor=x", "cursor")]
    public async Task Should_refuse_a_wrong_parameter(string query, string parameter)
    {
        using var response = await ReadAsync("/api/v1/servers" + query);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe(parameter);
    }

    private async Task ServersAsync()
    {
        await Server.ExecuteAsync("delete from database_servers");
        foreach (var name in new[] { "c", "a", "b" })
            await Seed.ServerAsync(Server.Registry, name, maxTenants: 10, maxSchemas: 4);
        await Seed.ServerAsync(Server.Registry, "d", region: "us");
    }

    private async Task<List<JsonElement>> ItemsAsync(string query = "") => [.. (await Server.GetAsync("/api/v1/servers" + query)).GetProperty("items").EnumerateArray()];
}
