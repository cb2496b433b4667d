using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_registry_backup_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_of_no_tenant_and_audit_it()
    {
        await OrchestratorAsync();

        using var response = await PostAsync("""{"note":" Before the upgrade. "}""", key: "k1");
        using var again = await PostAsync("""{"note":" Before the upgrade. "}""", key: "k1");
        using var other = await PostAsync("{}", key: "k1");
        using var second = await PostAsync("{}");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        (operation.GetProperty("kind").GetString(), operation.TryGetProperty("tenant", out _)).ShouldBe(("backupRegistry", false));
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(other, 422, "idempotency-key-reused");
        await ProblemAsync(second, 409, "operation-active");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'note') from audit where action = 'registry.backup' and tenant_id is null")).ShouldBe("ada Before the upgrade.");
    }

    [Fact]
    public async Task Should_show_what_would_run_and_write_nothing()
    {
        await OrchestratorAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync("{}", query: "?dryRun=true");

        (await ApiServer.JsonAsync(response)).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString())
            .ShouldBe(["registryBackup.begin", "registryBackup.dump", "registryBackup.complete"]);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("""{"note":""}""", "/note")]
    [InlineData("""{"includeObjects":true}""", "/includeObjects")]
    public async Task Should_name_the_field(string body, string pointer)
    {
        await OrchestratorAsync();

        using var response = await PostAsync(body);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
    }

    [Fact]
    public async Task Should_be_refused_for_those_who_only_read_who_see_backups_without_their_keys()
    {
        await OrchestratorAsync();
        using var accepted = await PostAsync("{}");
        await Server.ExecuteAsync(
            """
            insert into registry_backups (id, operation_id, requested_by, state, started_at, schema_version, master_key_ids, manifest, manifest_file, manifest_sha256, key_master_id, wrapped_key)
            select '019a0000-0000-7000-8000-000000000001', id, 'ada', 'completed', now(), 270, '{k1}', '{"format":1}', 'f', '\x01', 'k1', '\x02' from operations where kind = 'backupRegistry'
            """);

        using var viewer = await PostAsync("{}", client: Server.Viewer);
        using var list = await Server.Viewer.GetAsync(new Uri("/api/v1/fleet/registry/backups?state=completed,failed", UriKind.Relative));
        using var failed = await Server.Viewer.GetAsync(new Uri("/api/v1/fleet/registry/backups?state=failed", UriKind.Relative));
        using var wrong = await Server.Viewer.GetAsync(new Uri("/api/v1/fleet/registry/backups?state=gone", UriKind.Relative));
        using var one = await Server.Viewer.GetAsync(new Uri("/api/v1/fleet/registry/backups/019a0000-0000-7000-8000-000000000001", UriKind.Relative));
        using var missing = await Server.Viewer.GetAsync(new Uri("/api/v1/fleet/registry/backups/019a0000-0000-7000-8000-000000000002", UriKind.Relative));

        await ProblemAsync(viewer, 403, "forbidden");
        var item = (await ApiServer.JsonAsync(list)).GetProperty("items").EnumerateArray().Single();
        item.TryGetProperty("manifest", out _).ShouldBeFalse();
        item.GetProperty("masterKeyIds")[0].GetString().ShouldBe("k1");
        (await ApiServer.JsonAsync(failed)).GetProperty("items").GetArrayLength().ShouldBe(0);
        await ProblemAsync(wrong, 400, "invalid-parameter");
        var shown = await ApiServer.JsonAsync(one);
        shown.GetProperty("manifest").GetProperty("format").GetInt32().ShouldBe(1);
        shown.EnumerateObject().ShouldNotContain(p => p.Name.Contains("wrapped", StringComparison.OrdinalIgnoreCase));
        await ProblemAsync(missing, 404, "backup-not-found");
    }

    // The workflow needs more than the first engine level.
    private Task OrchestratorAsync() => Server.ExecuteAsync("update processes set orchestrates = true, engine_level = 3");

    private async Task<HttpResponseMessage> PostAsync(string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/fleet/registry/backups{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
