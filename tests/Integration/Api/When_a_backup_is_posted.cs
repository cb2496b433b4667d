using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_backup_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        var tenant = await ActiveAsync();

        using var response = await PostAsync(tenant, """{"note":" Before the upgrade. ","includeObjects":true}""", key: "k1");
        using var again = await PostAsync(tenant, """{"note":" Before the upgrade. ","includeObjects":true}""", key: "k1");
        using var other = await PostAsync(tenant, """{}""", key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        operation.GetProperty("kind").GetString().ShouldBe("backup");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(other, 422, "idempotency-key-reused");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'note') || ' ' || (detail ->> 'includeObjects') from audit where action = 'tenant.backup'")).ShouldBe("ada Before the upgrade. true");
        using var second = await PostAsync(tenant, "{}");
        (await ProblemAsync(second, 409, "operation-active")).GetProperty("operation").GetString()!.ShouldEndWith(response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_write_nothing()
    {
        var tenant = await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync(tenant, "{}", query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString())
            .ShouldBe(["backup.begin", "backup.rows", "backup.settings", "backup.objects", "backup.complete"]);
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("""{"note":""}""", "/note")]
    [InlineData("""{"note":1}""", "/note")]
    [InlineData("""{"includeObjects":"yes"}""", "/includeObjects")]
    [InlineData("""{"objects":true}""", "/objects")]
    [InlineData("""{"tenantId":"019a0000-0000-7000-8000-000000000000"}""", "/tenantId")]
    public async Task Should_name_the_field_and_the_fix(string body, string pointer)
    {
        var tenant = await ActiveAsync();

        using var response = await PostAsync(tenant, body);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'backup'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_accepted_for_a_suspended_tenant_and_refused_for_one_that_is_not_there_yet()
    {
        var tenant = await ActiveAsync();
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It mines coins.' from tenants");
        using var held = await PostAsync(tenant, "{}");
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'provisioning'");

        using var provisioning = await PostAsync(tenant, "{}");
        using var missing = await PostAsync("nobody", "{}");
        using var viewer = await PostAsync(tenant, "{}", client: Server.Viewer);

        ((int)held.StatusCode).ShouldBe(202, await held.Content.ReadAsStringAsync());
        (await ProblemAsync(provisioning, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("must be active");
        await ProblemAsync(missing, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
    }

    [Fact]
    public async Task Should_be_scheduled_for_a_time()
    {
        var tenant = await ActiveAsync();

        using var response = await PostAsync(tenant, "{}", query: $"?runAt={DateTimeOffset.UtcNow.AddDays(1):yyyy-MM-ddTHH:mm:ssZ}");

        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Should_be_listed_newest_first_and_shown_with_its_manifest()
    {
        var tenant = await ActiveAsync();
        await Server.ExecuteAsync(
            """
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, server, schema_version, started_at, snapshot_at, ended_at, bytes, manifest, manifest_file, manifest_sha256)
            select '019a0000-0000-7000-8000-000000000001', t.id, o.id, 'completed', 'ada', false, 'schema', 'main', 4, now() - interval '1 hour', now(), now(), 4711, '{"format":1}', 'f', '\x0a0b'
            from tenants t, operations o;
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by) select '019a0000-0000-7000-8000-00000000000f', 'backup', tenant_id, workflow_digest, 'compensated', '{}', 'ada' from operations;
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at, failure)
            select '019a0000-0000-7000-8000-000000000002', t.id, '019a0000-0000-7000-8000-00000000000f', 'failed', 'ada', false, 'schema', now(), '{"code":"pg-dump-failed","message":"The disk is on fire."}'
            from tenants t;
            """);

        var list = await Server.GetAsync("/api/v1/tenants/acme/backups");
        var completed = await Server.GetAsync($"/api/v1/tenants/{tenant}/backups?state=completed");
        var first = await Server.GetAsync("/api/v1/tenants/acme/backups?limit=1");
        var second = await Server.GetAsync($"/api/v1/tenants/acme/backups?limit=1&cursor={first.GetProperty("nextCursor").GetString()}");
        var one = await Server.GetAsync("/api/v1/backups/019a0000-0000-7000-8000-000000000001");

        Ids(list).ShouldBe(["019a0000-0000-7000-8000-000000000002", "019a0000-0000-7000-8000-000000000001"]);
        list.GetProperty("items")[0].GetProperty("failure").GetProperty("code").GetString().ShouldBe("pg-dump-failed");
        list.GetProperty("items")[1].TryGetProperty("manifest", out _).ShouldBeFalse();
        Ids(completed).ShouldBe(["019a0000-0000-7000-8000-000000000001"]);
        Ids(first).Concat(Ids(second)).ShouldBe(Ids(list));
        one.GetProperty("bytes").GetInt64().ShouldBe(4711);
        one.GetProperty("manifestSha256").GetString().ShouldBe("0a0b");
        one.GetProperty("manifest").GetProperty("format").GetInt32().ShouldBe(1);
        one.GetProperty("tenant").GetProperty("slug").GetString().ShouldBe("acme");
    }

    [Theory]
    [InlineData("/api/v1/backups/019a0000-0000-7000-8000-000000000001", 404, "backup-not-found")]
    [InlineData("/api/v1/backups/mine", 404, "backup-not-found")]
    [InlineData("/api/v1/tenants/nobody/backups", 404, "tenant-not-found")]
    [InlineData("/api/v1/tenants/nobody/backups?state=good", 400, "invalid-parameter")]
    public async Task Should_say_that_there_is_none(string address, int status, string code)
    {
        using var response = await Server.Admin.GetAsync(address);

        await ProblemAsync(response, status, code);
    }

    private static IEnumerable<string?> Ids(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString());

    private async Task<string> ActiveAsync()
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        using var response = await Server.PostAsync(ApiServer.Body("acme"));
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active'; update processes set engine_level = 3");
        return (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> PostAsync(string tenant, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{tenant}/backup{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
