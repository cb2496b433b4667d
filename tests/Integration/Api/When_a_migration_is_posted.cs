using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_migration_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        var tenant = await ActiveAsync();

        using var response = await PostAsync(tenant, """{"targetPlan":"custom"}""", key: "k1");
        using var again = await PostAsync(tenant, """{"targetPlan":"custom"}""", key: "k1");
        using var other = await PostAsync(tenant, """{"targetPlan":"enterprise"}""", key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        operation.GetProperty("kind").GetString().ShouldBe("migrate");
        operation.GetProperty("tenant").GetProperty("slug").GetString().ShouldBe("acme");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(other, 422, "idempotency-key-reused");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'targetPlan') from audit where action = 'tenant.migrate'")).ShouldBe("ada custom");
        (await Server.QueryAsync<string>("select plan from tenants")).ShouldBe("premium", "a step changes it, not the intake");
    }

    [Fact]
    public async Task Should_keep_the_version_of_the_plan_with_the_operation()
    {
        var tenant = await ActiveAsync();
        var version = await Server.QueryAsync<int>("select current_version from plans where name = 'custom'");

        using var response = await PostAsync(tenant, """{"targetPlan":"custom"}""", key: "k1");
        await Server.ExecuteAsync(
            """
            insert into plan_versions (name, version, definition, created_by) select name, version + 1, definition, 'ada' from plan_versions where name = 'custom' and version = @version;
            update plans set current_version = @version + 1 where name = 'custom';
            """.Replace("@version", version.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal));
        using var again = await PostAsync(tenant, """{"targetPlan":"custom"}""", key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await Server.QueryAsync<int>("select (input ->> 'targetVersion')::int from operations where kind = 'migrate'")).ShouldBe(version);
        again.Headers.Location.ShouldBe(response.Headers.Location, "it is the same command, whatever was decided when it was accepted");
        (await Server.QueryAsync<int>("select (detail ->> 'targetVersion')::int from audit where action = 'tenant.migrate'")).ShouldBe(version);
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_write_nothing()
    {
        var tenant = await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync(tenant, """{"targetPlan":"custom"}""", query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        preview.GetProperty("plan").GetString().ShouldBe("custom");
        preview.GetProperty("planVersion").GetInt32().ShouldBe(await Server.QueryAsync<int>("select current_version from plans where name = 'custom'"));
        preview.GetProperty("changes").EnumerateArray().Last().GetString()!.ShouldContain("Its requests are not measured yet");
        preview.GetProperty("isolation").GetString().ShouldBe("schema", "the tenant keeps its tier where the plan allows it");
        preview.GetProperty("moves").GetBoolean().ShouldBeFalse();
        preview.GetProperty("changes").EnumerateArray().Select(c => c.GetString()).ShouldContain("The limit of users changes from 1000 to 100000.");
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["usage.check", "storage.check", "plan.change", "login.limit", "tenant.verify", "plan.announce"]);
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("""{"targetPlan":"gold"}""", 422, "validation", "/targetPlan")]
    [InlineData("""{"targetPlan":"basic","isolation":"schema"}""", 422, "validation", "/isolation")]
    [InlineData("""{"server":"nowhere"}""", 422, "validation", "/server")]
    [InlineData("""{}""", 422, "validation", "/targetPlan")]
    [InlineData("""{"targetPlan":"premium"}""", 422, "validation", "/targetPlan")]
    [InlineData("""{"targetPlan":"custom","tenantId":"019a0000-0000-7000-8000-000000000000"}""", 422, "validation", "/tenantId")]
    [InlineData("""{"targetPlan":"custom","migrationOptions":{"downtme":true}}""", 422, "validation", "/migrationOptions/downtme")]
    [InlineData("""{"targetPlan":"custom","migrationOptions":{"downtime":"yes"}}""", 422, "validation", "/migrationOptions/downtime")]
    [InlineData("""{"targetPlan":"custom","migrationOptions":[]}""", 422, "validation", "/migrationOptions")]
    [InlineData("""{"isolation":"row","migrationOptions":{"downtime":false}}""", 422, "not-supported", "/migrationOptions/downtime")]
    [InlineData("""{"isolation":"row","migrationOptions":{"downtime":true,"preserveData":false},"confirm":"acne"}""", 422, "validation", "/confirm")]
    [InlineData("""{"targetPlan":"basic"}""", 409, "plan-too-small", "/targetPlan")]
    [InlineData("""{"targetPlan":"custom","targetVersion":99}""", 409, "plan-changed", "/targetVersion")]
    [InlineData("""{"targetPlan":"custom","targetVersion":"2"}""", 422, "validation", "/targetVersion")]
    [InlineData("""{"isolation":"row","targetVersion":2}""", 422, "validation", "/targetVersion")]
    public async Task Should_name_the_field_and_the_fix(string body, int status, string code, string pointer)
    {
        var tenant = await ActiveAsync();

        using var response = await PostAsync(tenant, body);
        using var dry = await PostAsync(tenant, body, query: "?dryRun=true");

        Pointers(await ProblemAsync(response, status, code)).ShouldBe(pointer);
        var shown = await ApiServer.JsonAsync(dry);
        (shown.TryGetProperty("refusal", out var refusal) ? refusal : shown).GetProperty("type").GetString().ShouldBe("urn:saga:problem:" + code);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'migrate'")).ShouldBe(0);
        (await Server.RefusedAsync()).ShouldBe($"ada POST /api/v1/tenants/{{idOrSlug}}/migrate {code} 1");
    }

    [Fact]
    public async Task Should_refuse_a_tenant_that_is_not_active_or_not_there()
    {
        var tenant = await ActiveAsync();
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'nonPayment', 'closed', 'ada', 'Unpaid.' from tenants");

        using var held = await PostAsync(tenant, """{"targetPlan":"custom"}""");
        using var missing = await PostAsync(Guid.CreateVersion7().ToString(), """{"targetPlan":"custom"}""");
        using var unknown = await PostAsync("nobody", """{"targetPlan":"custom"}""");
        using var viewer = await PostAsync(tenant, """{"targetPlan":"custom"}""", client: Server.Viewer);

        (await ProblemAsync(held, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("nonPayment (closed), set by ada: Unpaid.");
        await ProblemAsync(missing, 404, "tenant-not-found");
        await ProblemAsync(unknown, 404, "tenant-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
    }

    [Fact]
    public async Task Should_find_the_tenant_by_its_slug()
    {
        await ActiveAsync();

        using var response = await PostAsync("acme", """{"targetPlan":"custom"}""");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Should_point_to_the_operation_that_is_in_the_way()
    {
        var tenant = await ActiveAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync(tenant, """{"targetPlan":"custom"}""")));

        var winner = responses.Single(r => (int)r.StatusCode == 202).Headers.Location!.OriginalString;
        foreach (var loser in responses.Where(r => (int)r.StatusCode != 202))
            (await ProblemAsync(loser, 409, "operation-active")).GetProperty("operation").GetString()!.ShouldEndWith(winner);
        foreach (var response in responses)
            response.Dispose();
    }

    // A tenant of plan premium in a schema on server main, with a setting of its own that basic does not allow.
    private async Task<string> ActiveAsync()
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        var body = ApiServer.Body("acme");
        body["plan"] = "premium";
        body["settings"] = new JsonObject { ["file_upload.max_size"] = 50 };
        using var response = await Server.PostAsync(body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync(
            """
            update operations set state = 'completed', finished_at = now();
            delete from operation_scopes;
            update tenants set status = 'active';
            insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('main', 'eu', '127.0.0.1', 5432, 10, 10) on conflict (name) do nothing;
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select id, id, 1, 'main', 'saga_schemas_1', 't_1', 'schema', 't_1', 't_1_owner', 'current' from tenants;
            """);
        return (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> PostAsync(string tenant, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{tenant}/migrate{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
