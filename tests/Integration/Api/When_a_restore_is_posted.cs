using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_restore_is_posted : ApiTest
{
    private const string Backup = "019a0000-0000-7000-8000-000000000001";
    private const string Body = $$"""{"backupId":"{{Backup}}","mode":"beside"}""";

    private const string Replace = $$"""{"backupId":"{{Backup}}","mode":"replace"}""";

    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        var tenant = await BackedUpAsync();

        using var response = await PostAsync(tenant, Body, key: "k1");
        using var again = await PostAsync(tenant, Body, key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("restore");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'backupId') || ' ' || (detail ->> 'mode') from audit where action = 'tenant.restore'")).ShouldBe($"ada {Backup} beside");
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_write_nothing()
    {
        var tenant = await BackedUpAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync(tenant, Body, query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("changes")[0].GetString()!.ShouldContain("4711 bytes");
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString())
            .ShouldBe(["backup.check", "restored.create", "restored.fill", "restored.verify", "restored.announce"]);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("""{}""", 422, "validation", "/backupId /mode")]
    [InlineData("""{"backupId":"mine","mode":"beside"}""", 422, "validation", "/backupId")]
    [InlineData($$"""{"backupId":"{{Backup}}","mode":"instead"}""", 422, "validation", "/mode")]
    [InlineData($$"""{"backupId":"{{Backup}}","mode":"beside","force":true}""", 422, "validation", "/force")]
    [InlineData("""{"backupId":"019a0000-0000-7000-8000-0000000000ff","mode":"beside"}""", 404, "backup-not-found", "/backupId")]
    public async Task Should_name_the_field_and_the_fix(string body, int status, string code, string pointer)
    {
        var tenant = await BackedUpAsync();

        using var response = await PostAsync(tenant, body);

        Pointers(await ProblemAsync(response, status, code)).ShouldBe(pointer);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'restore'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_how_rows_would_be_replaced()
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync("update tenants set tier = 'schema'");

        using var response = await PostAsync(tenant, Replace, query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(
            ["backup.check", "move.reserve", "restored.create", "restored.fill", "restored.verify", "move.create", "replacement.fill", "replacement.check", "replaced.close", "move.switch", "replacement.open", "restored.drop"]);
        preview.GetProperty("changes").EnumerateArray().ShouldContain(c => c.GetString()!.Contains("for seconds, however many rows it has", StringComparison.Ordinal));
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_predict_the_pause_in_shared_tables()
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync("""update tenants set tier = 'row'; update backups set manifest = '{"parts":[{"name":"rows","counts":{"users":250000,"documents":50000},"details":{"sums":{}}}]}'""");

        using var response = await PostAsync(tenant, Replace, query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(
            ["backup.check", "kept.reserve", "restored.create", "restored.fill", "restored.verify", "kept.create", "replaced.lock", "kept.fill", "replaced.close", "rows.replace", "replaced.keep", "replaced.open", "restored.drop"]);
        preview.GetProperty("pause").GetRawText().ShouldBe("""{"keptRows":300000,"restoredRows":300000,"readOnlySeconds":3,"awaySeconds":4}""");
        preview.GetProperty("changes").EnumerateArray().ShouldContain(c => c.GetString()!.Contains("is read-only for about 3 s while its 300000 rows", StringComparison.Ordinal));
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("update tenants set tier = 'schema'; insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'Spam.' from tenants", 409, "tenant-state", "hold abuse")]
    public async Task Should_replace_no_rows_of_a_tenant_where_that_cannot_be(string state, int status, string code, string detail)
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync(state);

        using var response = await PostAsync(tenant, Replace);

        (await ProblemAsync(response, status, code)).GetProperty("detail").GetString()!.ShouldContain(detail);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'restore'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("schema", "placed = max_tenants", "server-full", "is full")]
    [InlineData("schema", "accepting = false", "no-server", "takes no further placements")]
    [InlineData("row", "placed = max_tenants", "server-full", "is full")]
    public async Task Should_need_room_for_what_replaces(string tier, string server, string code, string detail)
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync(
            $"""
            update tenants set tier = '{tier}'; update database_servers set {server};
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select id, id, 1, (select min(name) from database_servers), 'saga_schemas_1', 't_1', 'schema', 't_1', 't_1_owner', 'current' from tenants;
            """);

        using var response = await PostAsync(tenant, Replace);

        (await ProblemAsync(response, 409, code)).GetProperty("detail").GetString()!.ShouldContain(detail);
    }

    [Fact]
    public async Task Should_bring_a_deprovisioned_tenant_back()
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync("update tenants set status = 'deprovisioned', admin_email = ''");

        using var dry = await PostAsync(tenant, Replace, query: "?dryRun=true");
        using var response = await PostAsync(tenant, Replace);

        var preview = await ApiServer.JsonAsync(dry);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).Take(3).ShouldBe(["backup.check", "tenant.revive", "revival.reserve"]);
        preview.GetProperty("changes").EnumerateArray().ShouldContain(c => c.GetString()!.Contains("the step tenant.revive lists it", StringComparison.Ordinal));
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await Server.QueryAsync<string>("select status from tenants")).ShouldBe("deprovisioned", "nothing is written before the backup was checked");
    }

    [Theory]
    [InlineData(Body, "select 1", 422, "validation", "/mode", "nothing beside which")]
    [InlineData(Replace, "update backups set state = 'expired', expired_at = '2026-01-02Z'; insert into destroyed_backup_keys (tenant_id, removal, removed_at) select tenant_id, operation_id, '2026-01-03Z' from backups", 409, "backup-state", "/backupId", "was destroyed at 2026-01-03T00:00:00Z")]
    [InlineData(Replace, "update backups set state = 'expired', expired_at = '2026-01-02Z'", 409, "backup-state", "/backupId", "is expired since 2026-01-02T00:00:00Z")]
    [InlineData(Replace, "update database_servers set placed = max_tenants", 409, "server-full", "", "are full")]
    public async Task Should_say_why_a_deprovisioned_tenant_cannot_come_back(string body, string state, int status, string code, string pointer, string detail)
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync($"update tenants set status = 'deprovisioned'; {state}");

        using var response = await PostAsync(tenant, body);

        var problem = await ProblemAsync(response, status, code);
        problem.GetProperty("detail").GetString()!.ShouldContain(detail);
        (pointer.Length == 0 ? "" : Pointers(problem)).ShouldBe(pointer);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'restore'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("update tenants set slug = 'acme' where slug = 'globex'", "slug-taken", "slug 'acme'")]
    [InlineData("insert into reserved_names (kind, name, tenant_id, until) select 'slug', 'acme', id, now() + interval '1 day' from tenants where slug = 'globex'", "slug-taken", "slug 'acme'")]
    [InlineData("update tenants set subdomain = 'acme' where slug = 'globex'", "subdomain-taken", "subdomain 'acme'")]
    [InlineData("insert into reserved_names (kind, name, tenant_id, until) select 'subdomain', 'acme', id, now() + interval '1 day' from tenants where slug = 'globex'", "subdomain-taken", "subdomain 'acme'")]
    [InlineData("insert into tenant_domains (tenant_id, domain, token, state, created_at, proved_at) select id, 'acme.example', 'proof', 'proved', now(), now() from tenants where slug = 'globex'", "domain-taken", "domain 'acme.example'")]
    [InlineData("insert into reserved_names (kind, name, tenant_id, until) select 'domain', 'acme.example', id, now() + interval '1 day' from tenants where slug = 'globex'", "domain-taken", "domain 'acme.example'")]
    [InlineData("update tenants set name = (select name || ' (acme)' from tenants where slug = 'acme') where slug = 'globex'", "name-taken", "(acme)'")]
    public async Task Should_not_come_back_under_names_that_another_tenant_has(string state, string code, string named)
    {
        var tenant = await BackedUpAsync();
        using var other = await Server.PostAsync(ApiServer.Body("globex"));
        await Server.ExecuteAsync($"update tenants set status = 'deprovisioned', domain = 'acme.example' where slug = 'acme'; {state}");

        using var dry = await PostAsync(tenant, Replace, query: "?dryRun=true");
        using var response = await PostAsync(tenant, Replace);

        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("type").GetString()!.ShouldEndWith(code);
        (await ProblemAsync(response, 409, code)).GetProperty("detail").GetString()!.ShouldContain(named);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'restore'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_come_back_under_names_that_are_reserved_for_itself()
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync(
            """
            update tenants set status = 'deprovisioned', domain = 'acme.example';
            insert into reserved_names (kind, name, tenant_id, until) select k, n, id, now() + interval '1 day' from tenants, (values ('slug', 'acme'), ('subdomain', 'acme'), ('domain', 'acme.example')) r(k, n);
            """);

        using var dry = await PostAsync(tenant, Replace, query: "?dryRun=true");
        using var response = await PostAsync(tenant, Replace);

        (await ApiServer.JsonAsync(dry)).TryGetProperty("refusal", out _).ShouldBeFalse();
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Should_take_the_last_room_from_a_tenant_that_would_be_provisioned()
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync("update tenants set status = 'deprovisioned'; update database_servers set placed = 0, max_tenants = case when name = (select min(name) from database_servers) then 1 else 0 end");

        using var response = await PostAsync(tenant, Replace);
        using var refused = await Server.PostAsync(ApiServer.Body("globex"));

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ProblemAsync(refused, 409, "server-full")).GetProperty("detail").GetString()!.ShouldContain("1 accepted tenants wait for a place");
    }

    [Fact]
    public async Task Should_refuse_a_backup_that_failed_or_is_another_tenants()
    {
        var tenant = await BackedUpAsync();
        await Server.ExecuteAsync("update backups set state = 'failed'");
        using var failed = await PostAsync(tenant, Body);
        using var other = await Server.PostAsync(ApiServer.Body("globex"));
        await Server.ExecuteAsync("update backups set state = 'completed', tenant_id = (select id from tenants where slug = 'globex')");
        using var foreign = await PostAsync(tenant, Body);
        using var viewer = await PostAsync(tenant, Body, client: Server.Viewer);

        (await ProblemAsync(failed, 409, "backup-state")).GetProperty("detail").GetString()!.ShouldContain("is failed. Only a completed one can be restored");
        (await ProblemAsync(foreign, 422, "validation")).GetProperty("detail").GetString()!.ShouldContain("is of another tenant, 'globex'");
        await ProblemAsync(viewer, 403, "forbidden");
    }

    private async Task<string> BackedUpAsync()
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        using var response = await Server.PostAsync(ApiServer.Body("acme"));
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync(
            $"""
            update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active'; update processes set engine_level = 3;
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at, snapshot_at, ended_at, bytes, schema_version, manifest, manifest_file, manifest_sha256)
            select '{Backup}', t.id, o.id, 'completed', 'ada', false, 'schema', now(), now(), now(), 4711, 3, '[]', 'f', '\x0a0b' from tenants t, operations o;
            """);
        return (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> PostAsync(string tenant, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{tenant}/restore{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
