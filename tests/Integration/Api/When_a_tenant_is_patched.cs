using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_tenant_is_patched : ApiTest
{
    [Fact]
    public async Task Should_show_the_new_values_at_once_and_answer_with_the_operation()
    {
        var tag = await ActiveAsync();

        using var response = await PatchAsync(
            """{"name":"Bolt","phone":"+493012345678","domain":"bolt.com","pool":{"maximum":3},"features":{"biometric_auth":false},"settings":{"session.timeout":90},"maintenanceWindow":{"days":["sunday"],"start":"02:00","durationMinutes":90}}""",
            tag, key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("update");
        var tenant = await Server.GetAsync("/api/v1/tenants/acme");
        foreach (var (field, value) in new[]
        {
            ("name", "\"Bolt\""), ("phone", "\"+493012345678\""), ("domain", "\"bolt.com\""), ("pool", """{"minimum":0,"maximum":3}"""), ("readReplica", "false"), ("autoUpdate", "true"),
            ("features", """{"biometric_auth":false}"""), ("settings", """{"session.timeout":90}"""), ("maintenanceWindow", """{"days":["sunday"],"start":"02:00","durationMinutes":90}"""),
        })
        {
            JsonElement.DeepEquals(tenant.GetProperty(field), JsonElement.Parse(value)).ShouldBeTrue($"{field}: {tenant.GetProperty(field)}");
        }

        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'fields') from audit where action = 'tenant.update'"))
            .ShouldBe("""ada ["domain", "features", "maintenanceWindow", "name", "phone", "pool", "settings"]""");
        (await Server.QueryAsync<string>("select string_agg(domain || ' ' || state, ', ' order by domain) from tenant_domains")).ShouldBe("acme.com pending, bolt.com pending", "the former one goes when the update is announced");
    }

    [Fact]
    public async Task Should_turn_a_read_replica_on_where_the_tenants_server_has_one()
    {
        var tag = await ActiveAsync();
        await Server.ExecuteAsync(
            "insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, state) select gen_random_uuid(), id, 1, 'main', 'saga_rows', 'product', 'row', 't_' || slug, 'current' from tenants");

        using var refused = await PatchAsync("""{"readReplica":true}""", tag);
        (await ProblemAsync(refused, 409, "no-replica")).GetProperty("errors")[0].GetProperty("pointer").GetString().ShouldBe("/readReplica");
        await Server.ExecuteAsync("insert into server_replicas (server, name, host, port) values ('main', 'b', '127.0.0.1', 5432)");
        using var response = await PatchAsync("""{"readReplica":true}""", tag);

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldContain("replica.create");
        (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("readReplica").GetBoolean().ShouldBeTrue();
        var servers = await Server.GetAsync("/api/v1/servers");
        servers.GetProperty("items").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "main").GetProperty("replicas")[0].GetString().ShouldBe("b");
    }

    [Fact]
    public async Task Should_return_the_operation_again_for_the_same_key_although_the_version_is_old_by_then()
    {
        var tag = await ActiveAsync();

        using var first = await PatchAsync("""{"name":"Bolt","settings":{"session.timeout":90,"file_upload.max_size":7}}""", tag, key: "k1");
        using var again = await PatchAsync("""{"settings":{"file_upload.max_size":7,"session.timeout":90},"name":"Bolt"}""", tag, key: "k1");
        using var other = await PatchAsync("""{"name":"Cord"}""", tag, key: "k1");

        ((int)again.StatusCode).ShouldBe(202, await again.Content.ReadAsStringAsync());
        again.Headers.Location.ShouldBe(first.Headers.Location);
        await ProblemAsync(other, 422, "idempotency-key-reused");
    }

    [Fact]
    public async Task Should_need_the_version_that_the_sender_has_read()
    {
        var tag = await ActiveAsync();
        await Server.ExecuteAsync("update tenants set version = version + 1");

        using var missing = await PatchAsync("""{"name":"Bolt"}""", null);
        using var stale = await PatchAsync("""{"nmae":"Bolt"}""", tag);
        using var dry = await PatchAsync("""{"name":"Bolt"}""", tag, query: "?dryRun=true");

        await ProblemAsync(missing, 428, "version-required");
        (await ProblemAsync(stale, 412, "version-stale")).GetProperty("detail").GetString()!.ShouldContain("has version");
        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("status").GetInt32().ShouldBe(412);
        foreach (var wrong in new[] { "*", "7", "W/\"7\"", "\"7\", \"8\"", "\"x\"", "\"\"" })
        {
            using var bad = await PatchAsync("""{"name":"Bolt"}""", wrong);
            Parameters(await ProblemAsync(bad, 400, "invalid-parameter")).ShouldBe("If-Match", wrong);
        }

        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'update'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_let_one_of_two_win_that_have_read_the_same_version()
    {
        var tag = await ActiveAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => PatchAsync($$"""{"name":"Bolt {{i}}"}""", tag)));

        responses.Count(r => (int)r.StatusCode == 202).ShouldBe(1);
        responses.Where(r => (int)r.StatusCode != 202).ShouldAllBe(r => (int)r.StatusCode == 412);
        foreach (var response in responses)
            response.Dispose();
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_write_nothing()
    {
        var tag = await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await PatchAsync("""{"phone":"+493012345678"}""", tag, query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("changes").EnumerateArray().Select(c => c.GetString()).ShouldBe(["phone becomes \"+493012345678\"; it is null."]);
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["tenant.update", "configuration.update", "update.announce"]);
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
        (await Server.GetAsync("/api/v1/tenants/acme")).TryGetProperty("phone", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"slug":"bolt"}""", 422, "validation", "/slug")]
    [InlineData("""{"nmae":"Bolt"}""", 422, "validation", "/nmae")]
    [InlineData("""{"phone":"030"}""", 422, "validation", "/phone")]
    [InlineData("""{"pool":{"maximum":11}}""", 422, "validation", "/pool/maximum")]
    [InlineData("{}", 422, "validation", "")]
    [InlineData("""{"region":"mars"}""", 409, "no-server", "/region")]
    [InlineData("""{"domain":"taken.com"}""", 409, "domain-taken", "/domain")]
    [InlineData("""{"subdomain":"bolt"}""", 409, "subdomain-taken", "/subdomain")]
    [InlineData("""{"name":"Bolt (bolt)"}""", 409, "name-taken", "/name")]
    public async Task Should_name_the_field_and_the_fix(string body, int status, string code, string pointer)
    {
        await NeighbourAsync();
        var tag = await ActiveAsync();

        using var response = await PatchAsync(body, tag);
        using var dry = await PatchAsync(body, tag, query: "?dryRun=true");

        Pointers(await ProblemAsync(response, status, code)).ShouldBe(pointer);
        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("type").GetString().ShouldBe("urn:saga:problem:" + code);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'update'")).ShouldBe(0);
        (await Server.QueryAsync<long>("select count(*) from tenant_changes")).ShouldBe(0);
        (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("name").GetString().ShouldBe("Acme");
    }

    [Fact]
    public async Task Should_let_a_tenant_claim_a_domain_that_another_has_not_proved()
    {
        await NeighbourAsync();
        var tag = await ActiveAsync();

        using var response = await PatchAsync("""{"domain":"claimed.com"}""", tag);

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await Server.QueryAsync<string>("select string_agg(t.slug, ' ' order by t.slug) from tenant_domains d join tenants t on t.id = d.tenant_id where d.domain = 'claimed.com'")).ShouldBe("acme bolt");
    }

    [Fact]
    public async Task Should_take_both_types_of_body_and_no_other()
    {
        var tag = await ActiveAsync();

        using var plain = await PatchAsync("""{"phone":"+493012345678"}""", tag, query: "?dryRun=true", type: "application/json");
        using var patch = await PatchAsync("""{"phone":"+493012345678"}""", tag, query: "?dryRun=true", type: "application/merge-patch+json");
        using var other = await PatchAsync("""[{"op":"remove","path":"/phone"}]""", tag, type: "application/json-patch+json");
        using var list = await PatchAsync("[]", tag);
        using var post = await PostTextAsync("{}", "application/merge-patch+json");

        ((int)plain.StatusCode, (int)patch.StatusCode).ShouldBe((200, 200));
        await ProblemAsync(other, 415, "unsupported-media-type");
        await ProblemAsync(list, 400, "malformed-json");
        await ProblemAsync(post, 415, "unsupported-media-type");
    }

    [Fact]
    public async Task Should_refuse_a_tenant_that_is_not_there_or_is_being_deleted_and_a_viewer()
    {
        var tag = await ActiveAsync();
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'deletion', 'closed', 'ada', 'Leaves.' from tenants");

        using var held = await PatchAsync("""{"name":"Bolt"}""", tag);
        using var unknown = await PatchAsync("""{"name":"Bolt"}""", tag, tenant: "nobody");
        using var viewer = await PatchAsync("""{"name":"Bolt"}""", tag, client: Server.Viewer);

        (await ProblemAsync(held, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("deletion, set by ada: Leaves.");
        await ProblemAsync(unknown, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
    }

    // A tenant of plan premium with a domain of its own; returns its ETag.
    private async Task<string> ActiveAsync()
    {
        await AddAsync("acme", "acme.com", "Acme");
        using var found = await ReadAsync("/api/v1/tenants/acme");
        return found.Headers.ETag.ShouldNotBeNull().Tag;
    }

    // Has proved taken.com and only claims claimed.com.
    private async Task NeighbourAsync()
    {
        await AddAsync("bolt", "claimed.com", "Bolt");
        await Server.ExecuteAsync("insert into tenant_domains (tenant_id, domain, token, state, proved_at) select id, 'taken.com', 'x', 'proved', now() from tenants");
    }

    private async Task AddAsync(string slug, string domain, string name)
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        var body = ApiServer.Body(slug);
        (body["plan"], body["domain"], body["name"]) = ("premium", domain, name);
        using var response = await Server.PostAsync(body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active'");
    }

    private async Task<HttpResponseMessage> PatchAsync(
        string body, string? tag, string? key = null, string query = "", HttpClient? client = null, string tenant = "acme", string type = "application/merge-patch+json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/api/v1/tenants/{tenant}{query}") { Content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse(type)) };
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
