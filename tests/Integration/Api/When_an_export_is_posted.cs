using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_export_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        await ActiveAsync();

        using var response = await PostAsync("acme", """{"dataTypes":["media","users","users"],"format":"csv","userId":"u1"}""", key: "k1");
        using var again = await PostAsync("acme", """{"dataTypes":["media","users","users"],"format":"csv","userId":"u1"}""", key: "k1");
        using var other = await PostAsync("acme", """{"dataTypes":["media"]}""", key: "k1");
        using var second = await PostAsync("acme", """{"dataTypes":["media"]}""");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("export");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(other, 422, "idempotency-key-reused");
        await ProblemAsync(second, 409, "operation-active");
        (await Server.QueryAsync<string>("select actor || ' ' || detail::text from audit where action = 'tenant.export'"))
            .ShouldBe("""ada {"format": "csv", "userId": "u1", "dataTypes": ["users", "media"]}""");
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_write_nothing()
    {
        await ActiveAsync();

        using var response = await PostAsync("acme", """{"dataTypes":["users"]}""", query: "?dryRun=true");

        var plan = await ApiServer.JsonAsync(response);
        plan.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["export.begin", "export.write"]);
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'tenant.export'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("{}", "/dataTypes")]
    [InlineData("""{"dataTypes":[]}""", "/dataTypes")]
    [InlineData("""{"dataTypes":["users","secrets"]}""", "/dataTypes/1")]
    [InlineData("""{"dataTypes":["users"],"format":"xml"}""", "/format")]
    [InlineData("""{"dataTypes":["users","settings"],"userId":"u1"}""", "/dataTypes/1")]
    [InlineData("""{"dataTypes":["users"],"userId":""}""", "/userId")]
    [InlineData("""{"dataTypes":["users"],"userId":"a b"}""", "/userId")]
    [InlineData("""{"dataTypes":["users"],"tenantId":"x"}""", "/tenantId")]
    public async Task Should_name_the_field_that_breaks_a_rule(string body, string pointer)
    {
        await ActiveAsync();

        using var response = await PostAsync("acme", body);

        (await ProblemAsync(response, 422, "validation")).GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).Distinct().ShouldBe([pointer]);
    }

    [Fact]
    public async Task Should_refuse_usage_and_what_the_tenants_state_forbids()
    {
        await ActiveAsync();
        using var usage = await PostAsync("acme", """{"dataTypes":["users","usage"]}""");
        using var unknown = await PostAsync("nobody", """{"dataTypes":["users"]}""");
        using var viewer = await PostAsync("acme", """{"dataTypes":["users"]}""", client: Server.Viewer);
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It mines coins.' from tenants");
        using var closed = await PostAsync("acme", """{"dataTypes":["users"]}""");
        await Server.ExecuteAsync("delete from holds; update tenants set status = 'deprovisioned'");
        using var gone = await PostAsync("acme", """{"dataTypes":["users"]}""");

        (await ProblemAsync(usage, 422, "not-supported")).GetProperty("errors")[0].GetProperty("pointer").GetString().ShouldBe("/dataTypes");
        await ProblemAsync(unknown, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
        (await ProblemAsync(closed, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("abuse (closed)");
        await ProblemAsync(gone, 409, "tenant-state");
    }

    [Fact]
    public async Task Should_be_accepted_while_the_tenant_may_not_grow()
    {
        await ActiveAsync();
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'limitExceeded', 'noGrowth', 'saga', 'storage' from tenants");

        using var response = await PostAsync("acme", """{"dataTypes":["users"]}""");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Should_list_and_show_exports()
    {
        await ActiveAsync();
        await ExportedAsync();

        var list = await Server.GetAsync("/api/v1/tenants/acme/exports");
        var failed = await Server.GetAsync("/api/v1/tenants/acme/exports?state=failed,removed");
        var one = await Server.GetAsync("/api/v1/exports/019a0000-0000-7000-8000-000000000001");
        using var none = await Server.Admin.GetAsync("/api/v1/exports/mine");

        list.GetProperty("items").GetArrayLength().ShouldBe(1);
        failed.GetProperty("items").GetArrayLength().ShouldBe(0);
        (one.GetProperty("state").GetString(), one.GetProperty("bytes").GetInt64(), one.GetProperty("sha256").GetString()).ShouldBe(("completed", 5, "0a0b"));
        one.GetProperty("counts").GetProperty("users/members").GetInt64().ShouldBe(3);
        one.GetRawText().ShouldNotContain("file");
        await ProblemAsync(none, 404, "export-not-found");
    }

    private async Task ExportedAsync() => await Server.ExecuteAsync(
        """
        insert into exports (id, tenant_id, operation_id, state, requested_by, data_types, format, started_at, ended_at, expires_at, file, bytes, sha256, counts)
        select '019a0000-0000-7000-8000-000000000001', t.id, o.id, 'completed', 'ada', '{users}', 'json', now(), now(), now() + interval '1 day', 'f.zip', 5, '\x0a0b', '{"users/members":3}'
        from tenants t, operations o
        """);

    private async Task ActiveAsync()
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active'; update processes set engine_level = 3");
    }

    private async Task<HttpResponseMessage> PostAsync(string tenant, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{tenant}/export{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
