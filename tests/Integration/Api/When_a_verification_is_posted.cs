using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_verification_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        await ActiveAsync();

        using var response = await PostAsync("acme", key: "k1");
        using var again = await PostAsync("acme", key: "k1");
        using var other = await PostAsync("acme");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        (operation.GetProperty("kind").GetString(), operation.GetProperty("steps").EnumerateArray().Single().GetProperty("name").GetString()).ShouldBe(("verify", "tenant.check"));
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(other, 409, "operation-active");
        (await Server.QueryAsync<string>("select actor from audit where action = 'tenant.verify'")).ShouldBe("ada");
    }

    [Fact]
    public async Task Should_show_what_would_run_and_write_nothing()
    {
        await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync("acme", query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["tenant.check"]);
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_be_refused_in_words()
    {
        await ActiveAsync();
        using var unknown = await PostAsync("nobody");
        using var viewer = await PostAsync("acme", client: Server.Viewer);
        using var field = await PostAsync("acme", body: """{"deep":true}""");
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'nonPayment', 'closed', 'ada', 'Unpaid.' from tenants");
        using var held = await PostAsync("acme");
        await Server.ExecuteAsync("delete from holds; update tenants set status = 'provisioning'");
        using var early = await PostAsync("acme");

        await ProblemAsync(unknown, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
        Pointers(await ProblemAsync(field, 422, "validation")).ShouldBe("/deep");
        (await ProblemAsync(held, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("nonPayment (closed), set by ada: Unpaid.");
        (await ProblemAsync(early, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("must be active");
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'verify'")).ShouldBe(0);
    }

    private async Task ActiveAsync()
    {
        var operation = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync(
            $"""
            update operations set state = 'completed', finished_at = now() where id = '{operation}';
            delete from operation_scopes;
            update tenants set status = 'active';
            """);
    }

    private async Task<HttpResponseMessage> PostAsync(string tenant, string body = "{}", string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{tenant}/verify{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
