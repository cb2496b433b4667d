using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_drift_is_scanned_and_listed : ApiTest
{
    [Fact]
    public async Task Should_take_a_scan_from_an_operator_and_one_at_a_time()
    {
        await OrchestratorAsync();
        using var client = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var viewer = await PostAsync("""{"all":true}""", Server.Viewer);
        using var dry = await PostAsync("""{"all":true}""", client, "?dryRun=true");
        using var response = await PostAsync("""{"all":true}""", client);
        using var second = await PostAsync("""{"all":true}""", client);

        await ProblemAsync(viewer, 403, "forbidden");
        (await ApiServer.JsonAsync(dry)).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString())
            .ShouldBe(["databases.scan", "organizations.scan", "storage.scan", "cache.scan", "backups.scan"]);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        (operation.GetProperty("kind").GetString(), operation.TryGetProperty("tenant", out _)).ShouldBe(("scanDrift", false));
        await ProblemAsync(second, 409, "operation-active");
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'drift.scan' and detail ->> 'all' = 'true'")).ShouldBe(1);
    }

    [Theory]
    [InlineData("{}", "/all")]
    [InlineData("""{"all":false}""", "/all")]
    [InlineData("""{"all":true,"tenants":["0198f6a0-0000-7000-8000-000000000000"]}""", "/all")]
    [InlineData("""{"tenants":[]}""", "/tenants")]
    [InlineData("""{"tenants":["0198f6a0-0000-7000-8000-000000000000"]}""", "/tenants/0")]
    [InlineData("""{"all":true,"includeRecent":true}""", "/includeRecent")]
    [InlineData("""{"everything":true}""", "/everything")]
    public async Task Should_name_the_field(string body, string pointer)
    {
        await OrchestratorAsync();

        using var response = await PostAsync(body, Server.Admin);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
    }

    [Fact]
    public async Task Should_list_findings_by_filter_and_page()
    {
        using var made = await Server.PostAsync(ApiServer.Body("acme"));
        await Server.ExecuteAsync(
            """
            insert into drift_findings (id, resource, kind, server, name, tenant_id, differences, first_seen_at, last_seen_at, ended_at, first_scan, last_scan) values
            (gen_random_uuid(), 'role', 'different', 'eu-1', 'r', (select id from tenants), '[{"fact":"signsIn","expected":"yes","found":"no"}]', now() - interval '3 hours', now(), null, gen_random_uuid(), gen_random_uuid()),
            (gen_random_uuid(), 'organization', 'missing', null, 'o', (select id from tenants), '[]', now() - interval '2 hours', now(), null, gen_random_uuid(), gen_random_uuid()),
            (gen_random_uuid(), 'database', 'orphan', 'eu-2', 'd', null, '[]', now() - interval '1 hour', now(), null, gen_random_uuid(), gen_random_uuid()),
            (gen_random_uuid(), 'database', 'orphan', 'eu-2', 'e', null, '[]', now() - interval '4 hours', now(), now(), gen_random_uuid(), gen_random_uuid())
            """);

        (await NamesAsync("")).ShouldBe(["d", "o", "r"]);
        (await NamesAsync("?resource=role")).ShouldBe(["r"]);
        (await NamesAsync("?kind=missing,orphan")).ShouldBe(["d", "o"]);
        (await NamesAsync("?tenant=acme")).ShouldBe(["o", "r"]);
        (await NamesAsync("?server=eu-2")).ShouldBe(["d"]);
        (await NamesAsync("?ended=true")).ShouldBe(["e"]);
        using var page = await ReadAsync("/api/v1/drift?limit=2");
        var first = await ApiServer.JsonAsync(page);
        (await NamesAsync($"?limit=2&cursor={first.GetProperty("nextCursor").GetString()}")).ShouldBe(["r"]);
        using var shown = await ReadAsync("/api/v1/drift?resource=role");
        var difference = (await ApiServer.JsonAsync(shown)).GetProperty("items")[0].GetProperty("differences")[0];
        (difference.GetProperty("fact").GetString(), difference.GetProperty("expected").GetString(), difference.GetProperty("found").GetString()).ShouldBe(("signsIn", "yes", "no"));
        foreach (var wrong in (string[])["?kind=lost", "?resource=table", "?tenant=nobody", "?ended=maybe", "?cursor=x"])
        {
            using var refused = await ReadAsync($"/api/v1/drift{wrong}");
            await ProblemAsync(refused, 400, "invalid-parameter");
        }
    }

    private async Task<IEnumerable<string?>> NamesAsync(string query)
    {
        using var list = await ReadAsync($"/api/v1/drift{query}");
        return [.. (await ApiServer.JsonAsync(list)).GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString())];
    }

    // The workflow needs more than the first engine level.
    private Task OrchestratorAsync() => Server.ExecuteAsync("update processes set orchestrates = true, engine_level = 3");

    private static async Task<HttpResponseMessage> PostAsync(string body, HttpClient client, string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/drift/scans{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        return await client.SendAsync(request);
    }
}
