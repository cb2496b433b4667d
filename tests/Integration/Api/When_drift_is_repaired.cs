using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Intake;
using Saga.Registry;
using Saga.Registry.Drift;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_drift_is_repaired : ApiTest
{
    private const string Different = "0198f6a0-0000-7000-8000-000000000001";
    private const string Orphan = "0198f6a0-0000-7000-8000-000000000002";
    private const string Lost = "0198f6a0-0000-7000-8000-000000000003";
    private const string Ended = "0198f6a0-0000-7000-8000-000000000004";
    private const string Unknown = "0198f6a0-0000-7000-8000-000000000005";

    [Fact]
    public async Task Should_show_what_each_finding_gets_and_write_nothing()
    {
        await PrepareAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync([Different, Orphan, Lost], Server.Admin, "?dryRun=true");
        var plan = await ApiServer.JsonAsync(response);

        plan.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("repair").GetString()).ShouldBe(["setBack", "quarantine", "none"]);
        plan.GetProperty("items")[2].GetProperty("instead").GetString()!.ShouldContain("/restore");
        plan.GetProperty("items")[1].GetProperty("warnings").GetArrayLength().ShouldBe(1);
        plan.GetProperty("refusal").GetProperty("type").GetString()!.ShouldEndWith("validation");
        plan.GetProperty("confirm").GetArrayLength().ShouldBe(0);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_let_operators_set_back_and_only_administrators_quarantine()
    {
        await PrepareAsync();
        using var client = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var viewer = await PostAsync([Different], Server.Viewer);
        using var refused = await PostAsync([Different, Orphan], client);
        using var claimed = await SendAsync("/api/v1/drift/repairs", $$"""{"items":["{{Orphan}}"],"reason":"r","asOperator":false}""", client);
        using var taken = await PostAsync([Different], client, key: "k");
        using var again = await PostAsync([Different], client, key: "k");
        using var second = await PostAsync([Orphan], Server.Admin);

        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(refused, 403, "forbidden");
        Pointers(await ProblemAsync(claimed, 422, "validation")).ShouldBe("/asOperator");
        ((int)taken.StatusCode).ShouldBe(202, await taken.Content.ReadAsStringAsync());
        again.Headers.Location.ShouldBe(taken.Headers.Location);
        await ProblemAsync(second, 409, "operation-active");
        (await Server.QueryAsync<string>("select string_agg(scope, ' ' order by scope) from operation_scopes s join operations o on o.id = s.operation_id where o.kind = 'repairDrift'"))
            .ShouldBe($"drift tenant:{await Server.QueryAsync<Guid>("select id from tenants where slug = 'acme'")}");
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'drift.repair' and detail ->> 'reason' = 'Somebody has changed it.'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_have_removals_confirmed_when_the_registry_may_be_wrong()
    {
        await PrepareAsync();
        await Server.ExecuteAsync(
            """
            update installation set restored_at = now();
            insert into drift_findings (id, resource, kind, name, differences, first_seen_at, last_seen_at, first_scan, last_scan)
            select gen_random_uuid(), 'role', 'orphan', 'r' || i, '[]', now(), now(), gen_random_uuid(), gen_random_uuid() from generate_series(1, 5) i;
            insert into drift_totals (step, compared, scan) values ('databases.scan', 599, gen_random_uuid());
            """);

        using var refused = await PostAsync([Orphan], Server.Admin);
        using var half = await PostAsync([Orphan], Server.Admin, confirm: """["registryRestored"]""");
        using var wrong = await PostAsync([Orphan], Server.Admin, confirm: """["yes"]""");
        using var dry = await PostAsync([Orphan], Server.Admin, "?dryRun=true");
        using var taken = await PostAsync([Orphan], Server.Admin, confirm: """["manyOrphans","registryRestored"]""");

        var detail = (await ProblemAsync(refused, 409, "confirmation-needed")).GetProperty("detail").GetString()!;
        detail.ShouldContain("restored from a backup");
        detail.ShouldContain("6 orphans are open");
        (await ProblemAsync(half, 409, "confirmation-needed")).GetProperty("detail").GetString()!.ShouldNotContain("restored from a backup");
        Pointers(await ProblemAsync(wrong, 422, "validation")).ShouldBe("/confirm/0");
        (await ApiServer.JsonAsync(dry)).GetProperty("confirm").EnumerateArray().Select(c => c.GetString()).ShouldBe(["registryRestored", "manyOrphans"]);
        ((int)taken.StatusCode).ShouldBe(202, await taken.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("{}", "/items /reason")]
    [InlineData("""{"items":[],"reason":"r"}""", "/items")]
    [InlineData($$"""{"items":["{{Different}}","{{Different}}","{{Ended}}","{{Unknown}}"],"reason":"r"}""", "/items/1 /items/2 /items/3")]
    [InlineData($$"""{"items":["{{Different}}","{{Lost}}"],"reason":"r"}""", "/items/1")]
    [InlineData($$"""{"items":["{{Different}}"],"reason":" "}""", "/reason")]
    public async Task Should_name_the_field(string body, string pointers)
    {
        await PrepareAsync();

        using var response = await SendAsync("/api/v1/drift/repairs", body, Server.Admin);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointers);
    }

    [Fact]
    public async Task Should_list_and_release_what_is_in_quarantine()
    {
        await PrepareAsync();
        await QuarantineAsync(Orphan, "quarantined");
        await QuarantineAsync(Lost, "released");
        using var client = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var list = await ReadAsync("/api/v1/drift/quarantine?state=quarantined");
        (await ApiServer.JsonAsync(list)).GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()).ShouldBe([Orphan]);
        using var one = await ReadAsync($"/api/v1/drift/quarantine/{Lost}");
        (await ApiServer.JsonAsync(one)).GetProperty("state").GetString().ShouldBe("released");
        using var none = await ReadAsync($"/api/v1/drift/quarantine/{Unknown}");
        await ProblemAsync(none, 404, "quarantine-not-found");
        foreach (var (id, status, code) in new[] { (Unknown, 404, "quarantine-not-found"), ("x", 404, "quarantine-not-found"), (Lost, 409, "quarantine-state") })
        {
            using var refused = await SendAsync($"/api/v1/drift/quarantine/{id}/release", """{"reason":"Somebody needs it."}""", client);
            await ProblemAsync(refused, status, code);
        }

        using var without = await SendAsync($"/api/v1/drift/quarantine/{Orphan}/release", "{}", client);
        Pointers(await ProblemAsync(without, 422, "validation")).ShouldBe("/reason");
        using var released = await SendAsync($"/api/v1/drift/quarantine/{Orphan}/release", """{"reason":"Somebody needs it."}""", client);
        ((int)released.StatusCode).ShouldBe(202, await released.Content.ReadAsStringAsync());
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'quarantine.release'")).ShouldBe(1);
    }

    [Theory]
    [InlineData("quarantining")]
    [InlineData("releasing")]
    [InlineData("removing")]
    public async Task Should_release_what_an_operation_has_left_half_way_and_nothing_that_one_works_on(string state)
    {
        await PrepareAsync();
        await QuarantineAsync(Orphan, state);
        using var active = await PostAsync([Different], Server.Admin);
        using var refused = await SendAsync($"/api/v1/drift/quarantine/{Orphan}/release", """{"reason":"Somebody needs it."}""", Server.Admin);
        await ProblemAsync(refused, 409, "operation-active");
        await Server.ExecuteAsync("update operations set state = 'completed'; delete from operation_scopes");

        using var released = await SendAsync($"/api/v1/drift/quarantine/{Orphan}/release", """{"reason":"Somebody needs it."}""", Server.Admin);

        ((int)released.StatusCode).ShouldBe(202, await released.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Should_remove_by_schedule_only_and_only_what_is_in_quarantine()
    {
        await PrepareAsync();
        await QuarantineAsync(Orphan, "quarantined");
        var quarantine = new QuarantineStore(Server.Registry, new RegistryClock());
        var plan = new RemoveQuarantinedPlan(quarantine);

        (await Intakes.Of<RemoveQuarantined, QuarantinedThing, RemoveQuarantinedPlan>(Server.Registry, plan).SubmitAsync(new() { QuarantineId = Guid.Parse(Orphan) }, Caller.Bus, default))
            .ShouldBeOfType<CommandRejected>().Rejection.Code.ShouldBe("not-supported");
        (await plan.CheckAsync(new() { QuarantineId = Guid.Parse(Orphan) }, default)).Errors.ShouldBeEmpty();
        await Server.ExecuteAsync("update drift_quarantine set state = 'released'");
        (await plan.CheckAsync(new() { QuarantineId = Guid.Parse(Orphan) }, default)).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/quarantineId");
    }

    private async Task PrepareAsync()
    {
        using var made = await Server.PostAsync(ApiServer.Body("acme"));
        await Server.ExecuteAsync(
            $"""
            update processes set orchestrates = true, engine_level = 3;
            delete from operation_scopes;
            insert into drift_findings (id, resource, kind, name, server, tenant_id, owner, differences, first_seen_at, last_seen_at, ended_at, first_scan, last_scan) values
            ('{Different}', 'role', 'different', 'a', 'eu-1', (select id from tenants), null, '[{"{"}"fact":"signsIn","expected":"yes","found":"no"{"}"}]', now(), now(), null, gen_random_uuid(), gen_random_uuid()),
            ('{Orphan}', 'database', 'orphan', 'b', 'eu-1', null, gen_random_uuid(), '[]', now(), now(), null, gen_random_uuid(), gen_random_uuid()),
            ('{Lost}', 'database', 'missing', 'c', 'eu-1', (select id from tenants), null, '[]', now(), now(), null, gen_random_uuid(), gen_random_uuid()),
            ('{Ended}', 'role', 'different', 'd', 'eu-1', null, null, '[]', now(), now(), now(), gen_random_uuid(), gen_random_uuid())
            """);
    }

    private Task QuarantineAsync(string id, string state) => Server.ExecuteAsync(
        $"""
        insert into drift_quarantine (id, finding_id, operation_id, resource, server, name, renamed, reason, was, state, begun_at, ended_at)
        values ('{id}', '{id}', gen_random_uuid(), 'database', 'eu-1', 'n', 'q{id}', 'Nobody knows it.', '{"{"}{"}"}', '{state}', now(), case when '{state}' = 'released' then now() end)
        """);

    private static Task<HttpResponseMessage> PostAsync(string[] items, HttpClient client, string query = "", string? key = null, string confirm = "null") => SendAsync(
        $"/api/v1/drift/repairs{query}", $$"""{"items":{{JsonSerializer.Serialize(items)}},"reason":"Somebody has changed it.","confirm":{{confirm}}}""", client, key);

    private static async Task<HttpResponseMessage> SendAsync(string path, string body, HttpClient client, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await client.SendAsync(request);
    }
}
