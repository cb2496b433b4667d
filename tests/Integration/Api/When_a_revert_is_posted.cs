using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_revert_is_posted : ApiTest
{
    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_it()
    {
        var tenant = await MovedAsync();

        using var response = await PostAsync(tenant, """{"reason":"It was slower."}""", key: "k1");
        using var again = await PostAsync(tenant, """{"reason":"It was slower."}""", key: "k1");

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        operation.GetProperty("kind").GetString().ShouldBe("revert");
        again.Headers.Location.ShouldBe(response.Headers.Location);
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'reason') || ' ' || (detail ->> 'placement') from audit where action = 'tenant.revert'")).ShouldBe($"ada It was slower. {tenant}");
        (await Server.QueryAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("kept current", "a step switches, not the intake");
        using var busy = await PostAsync(tenant, "{}");
        (await ProblemAsync(busy, 409, "operation-active")).GetProperty("operation").GetString()!.ShouldEndWith(response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_write_nothing()
    {
        var tenant = await MovedAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync(tenant, "{}", query: "?dryRun=true");

        var preview = await ApiServer.JsonAsync(response);
        (preview.GetProperty("plan").GetString(), preview.GetProperty("isolation").GetString(), preview.GetProperty("server").GetString()).ShouldBe(("basic", "row", "main"));
        preview.GetProperty("keptUntil").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UnixEpoch);
        preview.GetProperty("changes").EnumerateArray().Select(c => c.GetString()).ShouldContain("The plan premium becomes basic again. The tenant's own features and settings stay.");
        preview.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString())
            .ShouldBe(["revert.begin", "plan.restore", "move.lock", "revert.compare", "move.close", "revert.switch", "revert.open", "plan.announce", "revert.drop"]);
        preview.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("""{"reason":""}""", "/reason")]
    [InlineData("""{"reason":7}""", "/reason")]
    [InlineData("""{"why":"x"}""", "/why")]
    [InlineData("""{"tenantId":"019a0000-0000-7000-8000-000000000000"}""", "/tenantId")]
    public async Task Should_name_the_field(string body, string pointer)
    {
        var tenant = await MovedAsync();

        using var response = await PostAsync(tenant, body);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
    }

    [Fact]
    public async Task Should_be_refused_when_there_is_nothing_to_revert_or_nobody_may()
    {
        var tenant = await MovedAsync();
        using var viewer = await PostAsync(tenant, "{}", client: Server.Viewer);
        using var unknown = await PostAsync("nobody", "{}");
        await Server.ExecuteAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'nonPayment', 'closed', 'ada', 'Unpaid.' from tenants");
        using var held = await PostAsync(tenant, "{}");
        await Server.ExecuteAsync("delete from holds; update placements set state = 'gone' where state = 'kept'");
        using var none = await PostAsync(tenant, "{}");

        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(unknown, 404, "tenant-not-found");
        (await ProblemAsync(held, 409, "tenant-state")).GetProperty("detail").GetString()!.ShouldContain("nonPayment (closed)");
        (await ProblemAsync(none, 409, "tenant-state")).GetProperty("detail").GetString().ShouldBe("No former copy of the rows of tenant 'acme' is kept, so there is no move to revert.");
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'revert'")).ShouldBe(0);
    }

    // A tenant that was moved from plan basic in shared tables to plan premium in a schema. Its first placement has its id.
    private async Task<string> MovedAsync()
    {
        await Seed.ProcessAsync(Server.Registry);
        var body = ApiServer.Body("acme");
        body["plan"] = "premium";
        using var response = await Server.PostAsync(body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync(
            """
            update processes set orchestrates = true, engine_level = 1000;
            update operations set state = 'completed', finished_at = now();
            delete from operation_scopes;
            update tenants set status = 'active', tier = 'schema';
            insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('main', 'eu', '127.0.0.1', 5432, 10, 10) on conflict (name) do nothing;
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select gen_random_uuid(), id, 3, 'main', 'saga_schemas_1', 't_2', 'schema', 't_2', 't_2_owner', 'current' from tenants;
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, state, kept_until, kept_by)
            select t.id, t.id, 1, 'main', 'saga_rows', 'product', 'row', 't_1', 'kept', now() + interval '1 hour', o.id from tenants t, operations o;
            insert into plan_changes (operation_id, tenant_id, from_plan, to_plan, settings) select id, tenant_id, 'basic', 'premium', '[]' from operations;
            """);
        return (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> PostAsync(string tenant, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{tenant}/migrate/revert{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
