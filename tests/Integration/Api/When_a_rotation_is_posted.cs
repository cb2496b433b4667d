using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_rotation_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        await ActiveAsync();

        using var response = await PostAsync("tenants/acme/rotate-credentials", """{"what":["tenantKey","database"]}""", key: "k1");
        using var again = await PostAsync("tenants/acme/rotate-credentials", """{"what":["tenantKey","database"]}""", key: "k1");
        using var reused = await PostAsync("tenants/acme/rotate-credentials", """{"what":["cache"]}""", key: "k1");
        using var other = await PostAsync("tenants/acme/rotate-credentials", """{"what":["cache"]}""");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("rotateCredentials");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(reused, 422, "idempotency-key-reused");
        await ProblemAsync(other, 409, "operation-active");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'what') from audit where action = 'credentials.rotate'")).ShouldBe("""ada ["database", "tenantKey"]""");
    }

    [Fact]
    public async Task Should_show_what_would_run_and_write_nothing()
    {
        await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync("tenants/acme/rotate-credentials", """{"what":["cache"]}""", query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["cacheUser.add", "credentials.switch", "credentials.drain", "cacheUser.retire"]);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("""{}""", "/what")]
    [InlineData("""{"what":[]}""", "/what")]
    [InlineData("""{"what":["database","s3"]}""", "/what/1")]
    [InlineData("""{"what":"database"}""", "/what")]
    [InlineData("""{"what":["cache"],"tenantId":"019a0000-0000-7000-8000-000000000000"}""", "/tenantId")]
    public async Task Should_name_the_field(string body, string pointer)
    {
        await ActiveAsync();

        using var response = await PostAsync("tenants/acme/rotate-credentials", body);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
    }

    [Fact]
    public async Task Should_refuse_a_tenant_that_is_closed_or_not_there_and_callers_who_only_read()
    {
        await ActiveAsync();
        using var unknown = await PostAsync("tenants/nobody/rotate-credentials", """{"what":["cache"]}""");
        using var viewer = await PostAsync("tenants/acme/rotate-credentials", """{"what":["cache"]}""", client: Server.Viewer);
        using var fleet = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""", client: Server.Viewer);
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It mines coins.' from tenants");
        using var held = await PostAsync("tenants/acme/rotate-credentials", """{"what":["cache"]}""");

        await ProblemAsync(unknown, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(fleet, 403, "forbidden");
        (await ProblemAsync(held, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("abuse (closed)");
    }

    [Fact]
    public async Task Should_rotate_the_master_key_when_every_process_is_ready_only()
    {
        await OrchestratorAsync();
        await Server.ExecuteAsync("update processes set master_key_ids = '{k1}', active_master_key_id = 'k1'");
        using var lacking = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""");
        await Server.ExecuteAsync("update processes set master_key_ids = '{k1,k2}'");
        using var passive = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""");
        using var dry = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""", query: "?dryRun=true");
        using var nothing = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":""}""");
        using var unknown = await PostAsync("fleet/rotate-master-key", """{"key":"k2"}""");
        await Server.ExecuteAsync("update processes set active_master_key_id = 'k2'");
        using var accepted = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""", key: "k1");
        using var again = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""", key: "k1");
        using var second = await PostAsync("fleet/rotate-master-key", """{"masterKeyId":"k2"}""");

        var problem = await ProblemAsync(lacking, 422, "validation");
        Pointers(problem).Split(' ').Distinct().ShouldBe(["/masterKeyId"]);
        problem.GetProperty("errors")[0].GetProperty("detail").GetString()!.ShouldContain("set Saga:Sealing:MasterKeys:k2 there and restart it");
        (await ProblemAsync(passive, 422, "validation")).GetProperty("errors")[0].GetProperty("detail").GetString()!.ShouldContain("set Saga:Sealing:ActiveKey to k2");
        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("status").GetInt32().ShouldBe(422);
        Pointers(await ProblemAsync(nothing, 422, "validation")).ShouldBe("/masterKeyId");
        Pointers(await ProblemAsync(unknown, 422, "validation")).ShouldBe("/key");
        ((int)accepted.StatusCode).ShouldBe(202, await accepted.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(accepted);
        (operation.GetProperty("kind").GetString(), operation.TryGetProperty("tenant", out _)).ShouldBe(("rotateMasterKey", false));
        again.Headers.Location.ShouldBe(accepted.Headers.Location);
        await ProblemAsync(second, 409, "operation-active");
        (await Server.QueryAsync<string>("select detail ->> 'masterKeyId' from audit where action = 'masterKey.rotate' and tenant_id is null")).ShouldBe("k2");
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
        await OrchestratorAsync();
    }

    // The workflows need more than the first engine level.
    private Task OrchestratorAsync() => Server.ExecuteAsync("update processes set orchestrates = true, engine_level = 3");

    private async Task<HttpResponseMessage> PostAsync(string path, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{path}{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
