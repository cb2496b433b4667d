using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_plan_is_put : ApiTest
{
    [Theory]
    [InlineData("basic", 100, 10, 1_000, 8, false, 3_600, 10, 1_000, 600, "custom_branding:False priority_support:False biometric_auth:False ai_verification:False advanced_analytics:False")]
    [InlineData("premium", 1_000, 100, 10_000, 10, true, 7_200, 100, 10_000, 3_000, "custom_branding:True priority_support:False biometric_auth:True ai_verification:False advanced_analytics:False")]
    [InlineData("enterprise", 10_000, 1_024, 100_000, 12, true, 14_400, 1_000, 100_000, 12_000, "custom_branding:True priority_support:True biometric_auth:True ai_verification:True advanced_analytics:True")]
    [InlineData("custom", 100_000, 10_240, null, 12, true, 14_400, 1_000, 100_000, 12_000, "custom_branding:True priority_support:True biometric_auth:True ai_verification:True advanced_analytics:True")]
    public async Task Should_find_the_shipped_numbers(
        string name, int users, int storage, int? requests, int minLength, bool special, int timeout, int upload, int rate, int burst, string features)
    {
        var plan = await Server.GetAsync($"/api/v1/plans/{name}");

        var limits = plan.GetProperty("limits");
        (limits.GetProperty("users").GetInt32(), limits.GetProperty("storageGib").GetInt32()).ShouldBe((users, storage));
        (limits.TryGetProperty("requestsPerDay", out var day) ? day.GetInt32() : (int?)null).ShouldBe(requests);
        var policy = Default(plan, "security.password_policy");
        policy.GetProperty("minLength").GetInt32().ShouldBe(minLength);
        policy.EnumerateObject().Where(p => p.Name.StartsWith("require", StringComparison.Ordinal)).Select(p => (p.Name[7..], p.Value.GetBoolean()))
            .ShouldBe([("Uppercase", true), ("Lowercase", true), ("Numbers", true), ("SpecialCharacters", special)], ignoreOrder: true);
        new[] { "session.timeout", "file_upload.max_size", "api.rate_limit", "api.burst_per_minute" }.Select(k => Default(plan, k).GetInt32()).ShouldBe([timeout, upload, rate, burst]);
        plan.GetProperty("features").EnumerateObject().Select(f => $"{f.Name}:{f.Value.GetBoolean()}").ShouldBe(features.Split(' '), ignoreOrder: true);
        plan.GetProperty("versions").EnumerateArray().Select(v => (v.GetProperty("version").GetInt32(), v.GetProperty("createdBy").GetString())).ShouldBe([(1, "system")]);
    }

    [Fact]
    public async Task Should_keep_the_former_version_and_the_tenants_on_it()
    {
        await Server.AcceptedAsync("acme");
        var body = await BodyAsync("enterprise");
        body["limits"]!["users"] = 20_000;
        body["note"] = "More users.";

        var written = await WrittenAsync("enterprise", body, 200);
        await Server.AcceptedAsync("bolt");

        (written.GetProperty("changed").GetBoolean(), written.GetProperty("scheduled").GetInt32(), written.GetProperty("plan").GetProperty("version").GetInt32()).ShouldBe((true, 0, 2));
        (await Server.GetAsync("/api/v1/tenants/acme")).GetProperty("planVersion").GetInt32().ShouldBe(1);
        (await Server.GetAsync("/api/v1/tenants/bolt")).GetProperty("planVersion").GetInt32().ShouldBe(2);
        (await Server.GetAsync("/api/v1/plans/enterprise?version=1")).GetProperty("limits").GetProperty("users").GetInt32().ShouldBe(10_000);
        var shown = await Server.GetAsync("/api/v1/plans/enterprise");
        shown.GetProperty("limits").GetProperty("users").GetInt32().ShouldBe(20_000);
        shown.GetProperty("versions").EnumerateArray().Select(v => $"{v.GetProperty("version")} {v.GetProperty("createdBy")} {v.GetProperty("tenants")} {(v.TryGetProperty("note", out var note) ? note : "")}")
            .ShouldBe(["2 ada 1 More users.", "1 system 1 "]);
        (await Server.QueryAsync<string>("select concat_ws(' ', actor, detail ->> 'plan', before, after, reason, split_part(origin, ' ', 1)) from audit where action = 'plan.put'"))
            .ShouldBe("""ada enterprise {"version": 1} {"version": 2} More users. http""");
        (await Server.QueryAsync<string>("select string_agg(slug || ' ' || users, ', ' order by slug) from runtime_v1.limits join runtime_v1.tenants on id = tenant_id"))
            .ShouldBe("acme 10000, bolt 20000");
    }

    [Theory]
    [InlineData("basic")]
    [InlineData("premium")]
    [InlineData("enterprise")]
    [InlineData("custom")]
    public async Task Should_add_nothing_for_what_is_current_already(string name)
    {
        var written = await WrittenAsync(name, await BodyAsync(name), 200);

        (written.GetProperty("changed").GetBoolean(), written.GetProperty("plan").GetProperty("version").GetInt32()).ShouldBe((false, 1));
        (await Server.QueryAsync<long>("select count(*) from audit")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_add_a_plan_that_tenants_can_have()
    {
        var body = await BodyAsync("premium");
        body["name"] = "gold";
        body.Remove("version");

        using var response = await PutAsync("gold", body);
        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        response.Headers.Location!.OriginalString.ShouldBe("/api/v1/plans/gold");
        var tenant = ApiServer.Body("acme");
        tenant["plan"] = "gold";
        using var posted = await Server.PostAsync(tenant);

        ((int)posted.StatusCode).ShouldBe(202, await posted.Content.ReadAsStringAsync());
        (await Server.GetAsync("/api/v1/plans")).GetProperty("items").EnumerateArray().Select(p => p.GetProperty("name").GetString()).ShouldBe(["basic", "custom", "enterprise", "gold", "premium"]);
        (await Server.QueryAsync<string>("select definition #>> '{limits,storageMegabytes}' from plans where name = 'gold'")).ShouldBe("102400", "programs of the version before read it");
    }

    [Fact]
    public async Task Should_write_nothing_on_a_dry_run()
    {
        var body = await BodyAsync("basic");
        body["limits"]!["users"] = 101;
        body["apply"] = true;

        var written = await WrittenAsync("basic", body, 200, "?dryRun=true");
        body["name"] = "gold";
        body.Remove("version");
        await WrittenAsync("gold", body, 200, "?dryRun=true");

        (written.GetProperty("changed").GetBoolean(), written.GetProperty("plan").GetProperty("version").GetInt32()).ShouldBe((true, 2));
        (await Server.QueryAsync<string>("select string_agg(name || ' ' || version, ', ' order by name) from plan_versions")).ShouldBe("basic 1, custom 1, enterprise 1, premium 1");
        (await Server.QueryAsync<long>("select (select count(*) from audit) + (select count(*) from scheduled_commands) + (select count(*) from plans where current_version <> 1)")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_schedule_the_migration_of_each_active_tenant_once_when_it_is_applied()
    {
        foreach (var slug in new[] { "acme", "bolt", "cork", "dell" })
            await Server.AcceptedAsync(slug);
        await Server.ExecuteAsync("update tenants set status = 'active' where slug in ('acme', 'bolt', 'dell')");
        var body = await BodyAsync("enterprise");
        body["limits"]!["users"] = 20_000;
        await WrittenAsync("enterprise", body, 200);
        await Server.ExecuteAsync("update tenants set plan_version = 2 where slug = 'dell'");
        body.Remove("version");
        body["apply"] = true;

        (await WrittenAsync("enterprise", body, 200)).GetProperty("scheduled").GetInt32().ShouldBe(2, "cork is not active, and dell has the version");
        (await WrittenAsync("enterprise", body, 200)).GetProperty("scheduled").GetInt32().ShouldBe(0, "they wait already");

        var scheduled = (await Server.GetAsync("/api/v1/scheduled?kind=migrate&state=scheduled")).GetProperty("items").EnumerateArray().ToList();
        scheduled.Count.ShouldBe(2);
        scheduled.ShouldAllBe(s => s.GetProperty("requestedBy").GetString() == "ada");
        foreach (var command in scheduled)
        {
            var read = CommandReader.Read<MigrateTenant>(command.GetProperty("command"), hasKey: false, out var errors);
            errors.ShouldBeEmpty();
            (read!.TenantId.ToString(), read.TargetPlan).ShouldBe((command.GetProperty("tenantId").GetString(), "enterprise"));
        }

        (await Server.QueryAsync<long>("select count(*) from audit where action = 'command.schedule' and actor = 'ada'")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_lose_nobodys_change()
    {
        var bodies = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            var body = await BodyAsync("basic");
            body["limits"]!["users"] = 200 + i;
            return body;
        }));

        var responses = await Task.WhenAll(bodies.Select(b => PutAsync("basic", b)));

        responses.Count(r => (int)r.StatusCode == 200).ShouldBe(1);
        foreach (var loser in responses.Where(r => (int)r.StatusCode != 200))
            Pointers(await ProblemAsync(loser, 409, "plan-changed")).ShouldBe("/version");
        (await Server.QueryAsync<int>("select current_version from plans where name = 'basic'")).ShouldBe(2);
        foreach (var response in responses)
            response.Dispose();
    }

    [Fact]
    public async Task Should_number_those_that_replace_any_version()
    {
        var responses = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            var body = await BodyAsync("basic");
            body.Remove("version");
            body["limits"]!["users"] = 200 + i;
            return await PutAsync("basic", body);
        }));

        foreach (var response in responses)
        {
            ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
            response.Dispose();
        }

        (await Server.QueryAsync<string>("select string_agg(version::text, ' ' order by version) || ' of ' || current_version from plan_versions v join plans using (name) where name = 'basic' group by current_version"))
            .ShouldBe("1 2 3 4 5 of 5");
    }

    [Theory]
    [InlineData("{}", "/tiers /limits /features /settings")]
    [InlineData("""{"tears":["row"]}""", "/tears")]
    [InlineData("""{"tiers":["row"],"limits":{"users":"5"}}""", "/limits/users")]
    [InlineData("""{"tiers":["row"],"limits":{"users":5.5}}""", "/limits/users")]
    [InlineData("""{"tiers":["row"],"limits":{"user":5}}""", "/limits/user")]
    [InlineData("""{"settings":{"a":{"minimum":"1"}}}""", "/settings/a/minimum")]
    [InlineData("""{"settings":{"a":{"generated":1,"value":2}}}""", "/settings/a/generated /settings/a/value")]
    [InlineData("""{"name":"other"}""", "/name")]
    public async Task Should_name_the_field(string body, string pointers)
    {
        using var response = await PutAsync("gold", JsonNode.Parse(body)!);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointers);
        (await Server.QueryAsync<long>("select count(*) from plans")).ShouldBe(4);
    }

    [Fact]
    public async Task Should_refuse_what_else_is_wrong()
    {
        var body = await BodyAsync("basic");
        var noted = (JsonObject)body.DeepClone();
        noted["note"] = new string('n', 501);
        var stale = (JsonObject)body.DeepClone();
        stale["name"] = "gold";

        using var viewer = await PutAsync("basic", body, client: Server.Viewer);
        using var note = await PutAsync("basic", noted);
        using var missing = await PutAsync("gold", stale);
        using var upper = await PutAsync("Gold", JsonNode.Parse("{}")!);
        using var unknown = await ReadAsync("/api/v1/plans/gold");
        using var version = await ReadAsync("/api/v1/plans/basic?version=9");
        using var word = await ReadAsync("/api/v1/plans/basic?version=one");

        await ProblemAsync(viewer, 403, "forbidden");
        Pointers(await ProblemAsync(note, 422, "validation")).ShouldBe("/note");
        Pointers(await ProblemAsync(missing, 409, "plan-changed")).ShouldBe("/version");
        Pointers(await ProblemAsync(upper, 422, "validation")).ShouldStartWith("/name");
        await ProblemAsync(unknown, 404, "plan-not-found");
        await ProblemAsync(version, 404, "plan-not-found");
        Parameters(await ProblemAsync(word, 400, "invalid-parameter")).ShouldBe("version");
    }

    private static JsonElement Default(JsonElement plan, string setting) => plan.GetProperty("settings").GetProperty(setting).GetProperty("default");

    // What GET shows, without the versions, is what PUT takes.
    private async Task<JsonObject> BodyAsync(string name)
    {
        var body = (JsonObject)JsonNode.Parse((await Server.GetAsync($"/api/v1/plans/{name}")).GetRawText())!;
        body.Remove("versions");
        return body;
    }

    private async Task<JsonElement> WrittenAsync(string name, JsonNode body, int status, string query = "")
    {
        using var response = await PutAsync(name, body, query);
        ((int)response.StatusCode).ShouldBe(status, await response.Content.ReadAsStringAsync());
        return await ApiServer.JsonAsync(response);
    }

    private Task<HttpResponseMessage> PutAsync(string name, JsonNode body, string query = "", HttpClient? client = null) =>
        (client ?? Server.Admin).PutAsync(new Uri($"/api/v1/plans/{name}{query}", UriKind.Relative), JsonContent.Create(body));
}
