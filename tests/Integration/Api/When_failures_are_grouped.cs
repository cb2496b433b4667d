using System.Globalization;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Registry.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_failures_are_grouped : ApiTest
{
    private const string Full = """{"code":"server-full","message":"eu-1 is full.","remedy":"Add a server.","kind":"permanent","system":"postgresql:eu-1"}""";
    private const string Down = """{"code":"team-code","message":"It is down.","kind":"outage","system":"crm"}""";

    [Fact]
    public async Task Should_group_by_kind_step_direction_code_and_system()
    {
        await WorkflowAsync();
        var first = await FailedAsync("stalled", Full, "database.create", back: false, "2 hours", plan: "basic", tier: "row");
        var last = await FailedAsync("compensated", Full, "database.create", back: false, "1 hour", plan: "premium", tier: "schema");
        await FailedAsync("stalled", Full, "database.create", back: true, "3 hours");
        await FailedAsync("stalled", Full, "cache.create", back: false, "4 hours");
        await FailedAsync("compensating", Down, "database.create", back: false, "5 hours");
        await FailedAsync("completed", null, null, back: false, "1 hour");

        var groups = await GroupsAsync("");

        groups.Select(g => $"{Text(g, "step")} {Text(g, "direction")} {Text(g, "code")} {Text(g, "system")} {g.GetProperty("count")} {g.GetProperty("stalled")} {g.GetProperty("tenants")}").ShouldBe(
        [
            "database.create forward server-full postgresql:eu-1 2 1 2", "database.create back server-full postgresql:eu-1 1 1 1",
            "cache.create forward server-full postgresql:eu-1 1 1 1", "database.create forward team-code crm 1 0 1",
        ]);
        var newest = groups[0];
        Text(newest, "kind").ShouldBe("provision");
        newest.GetProperty("sample").GetGuid().ShouldBe(last);
        Text(newest, "remedy").ShouldBe("Add a server.");
        Text(newest, "message").ShouldBe("eu-1 is full.");
        Text(newest, "help").ShouldBe("/docs/failures/server-full");
        newest.GetProperty("plans").EnumerateArray().Select(p => p.GetString()).ShouldBe(["basic", "premium"]);
        newest.GetProperty("tiers").EnumerateArray().Select(p => p.GetString()).ShouldBe(["row", "schema"]);
        newest.GetProperty("firstSeenAt").GetDateTimeOffset().ShouldBe(await AtAsync(first));
        newest.GetProperty("lastSeenAt").GetDateTimeOffset().ShouldBe(await AtAsync(last));
        groups[3].TryGetProperty("help", out _).ShouldBeFalse("a team's own code has no page");
    }

    [Fact]
    public async Task Should_forget_what_ended_long_ago_and_never_what_still_waits()
    {
        await WorkflowAsync();
        await FailedAsync("compensated", Full, "ended.long.ago", back: false, "8 days");
        await FailedAsync("stalled", Full, "stalled.long.ago", back: false, "300 days");

        (await StepsAsync("")).ShouldBe("stalled.long.ago");
        (await StepsAsync("since=" + Ago(9))).ShouldBe("ended.long.ago");
        (await StepsAsync($"since={Ago(400)}&until={Ago(200)}")).ShouldBe("stalled.long.ago");
        (await StepsAsync($"until={Ago(200)}")).ShouldBe("stalled.long.ago");
    }

    [Fact]
    public async Task Should_count_no_persons_decision_and_what_the_system_cancelled()
    {
        await WorkflowAsync();
        await FailedAsync("cancelled", """{"code":"cancelled","message":"Cancelled by ada: wrong","kind":"permanent"}""", null, back: false, "1 hour", cancellation: """{"actor":"ada","reason":"wrong"}""");
        await FailedAsync("stalled", Full, "undo", back: true, "2 hours", cancellation: """{"actor":"ada","reason":"wrong"}""");
        await FailedAsync("cancelled", """{"code":"scope-wait-expired","message":"It waited too long.","kind":"permanent"}""", null, back: false, "3 hours", cancellation: """{"actor":"scope-waits","reason":"late","code":"scope-wait-expired"}""");

        (await GroupsAsync("")).Select(g => Text(g, "code")).ShouldBe(["server-full", "scope-wait-expired"]);
    }

    [Fact]
    public async Task Should_filter_by_kind_and_state()
    {
        await WorkflowAsync();
        await FailedAsync("stalled", Full, "one", back: false, "1 hour");
        await FailedAsync("compensated", Full, "two", back: false, "2 hours");
        await Server.ExecuteAsync("insert into workflows (digest, kind, version, definition) values ('other', 'teleport', 1, '{\"kind\":\"teleport\",\"version\":1,\"steps\":[]}')");
        await FailedAsync("stalled", Full, "three", back: false, "3 hours", kind: "teleport");

        (await StepsAsync("state=stalled")).ShouldBe("one three");
        (await StepsAsync("state=compensated,compensating")).ShouldBe("two");
        (await StepsAsync("kind=teleport")).ShouldBe("three");
        (await StepsAsync("kind=provision&state=stalled")).ShouldBe("one");
    }

    [Fact]
    public async Task Should_show_the_steps_that_are_tried_again_on_request()
    {
        await WorkflowAsync();
        var running = await OperationAsync("running", null, "10 minutes");
        await StepAsync(running, "again", "waiting", Down, attempt: 2);
        await StepAsync(running, "at.work.again", "running", Down, attempt: 2);
        await StepAsync(running, "at.work", "running", null, attempt: 1);
        await StepAsync(running, "held", "held", null, attempt: 0);
        var turned = await OperationAsync("compensating", Full, "20 minutes");
        await StepAsync(turned, "undone", "compensating", Full, attempt: 1);
        await StepAsync(turned, "undo.again", "compensationWaiting", Down, attempt: 3);
        var stalled = await OperationAsync("stalled", Full, "30 minutes");
        await StepAsync(stalled, "over", "failed", Full, attempt: 5);

        (await GroupsAsync("retried=true")).Select(g => $"{Text(g, "step")} {Text(g, "direction")} {Text(g, "code")} {Text(g, "system")}").Order(StringComparer.Ordinal).ShouldBe(
            ["again forward team-code crm", "at.work.again forward team-code crm", "held forward deferred keycloak", "undo.again back team-code crm"]);
        (await StepsAsync("retried=true&state=compensating")).ShouldBe("undo.again");
        (await StepsAsync("")).ShouldBe("undone over", "operations of an earlier version say it in their steps");
    }

    [Fact]
    public async Task Should_be_paged()
    {
        await WorkflowAsync();
        for (var i = 1; i <= 5; i++)
            await FailedAsync("stalled", Full, $"step-{i}", back: false, $"{i} hours");

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Server.GetAsync($"/api/v1/operations/failures?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(g => Text(g, "step")!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);

        seen.ShouldBe(["step-1", "step-2", "step-3", "step-4", "step-5"]);
    }

    [Theory]
    [InlineData("kind=bogus", "kind")]
    [InlineData("state=running", "state")]
    [InlineData("retried=true&state=stalled", "state")]
    [InlineData("since=yesterday", "since")]
    [InlineData("since=2027-01-31T12:00:00Z&until=2027-01-31T12:00:00Z", "until")]
    [InlineData("step=x", "step")]
    public async Task Should_refuse_filters_that_mean_nothing(string query, string parameters)
    {
        using var response = await ReadAsync("/api/v1/operations/failures?" + query);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe(parameters);
    }

    [Fact]
    public async Task Should_serve_the_pages_to_whoever_follows_a_link()
    {
        using var nobody = Server.Client(null);

        using var page = await nobody.GetAsync(new Uri("/docs/failures/server-full", UriKind.Relative));
        using var linked = await nobody.GetAsync(new Uri("/docs/failures/server-full.md", UriKind.Relative));
        using var other = await nobody.GetAsync(new Uri("/docs/failures/nothing-like-it", UriKind.Relative));

        ((int)page.StatusCode).ShouldBe(200);
        page.Content.Headers.ContentType!.ToString().ShouldBe("text/markdown; charset=utf-8");
        (await page.Content.ReadAsStringAsync()).ShouldStartWith("# `server-full`");
        ((int)linked.StatusCode).ShouldBe(200, "pages link to each other");
        await ProblemAsync(other, 404, "not-found");
    }

    [Fact]
    public async Task Should_link_to_pages_elsewhere_if_they_are_kept_there()
    {
        await using var server = await ApiServer.StartAsync(settings: ("Saga:Api:FailureHelp", "https://runbooks.example.com/saga?code={code}"));
        var id = await server.AcceptedAsync("acme");
        await server.ExecuteAsync($"update operations set state = 'stalled', failure = '{Full}'; insert into operation_steps (operation_id, step, fence, status, failure) values ('{id}', 'database.create', 1, 'failed', '{Full}')");

        var operation = await server.GetAsync($"/api/v1/operations/{id}");

        Text(operation.GetProperty("failure"), "help").ShouldBe("https://runbooks.example.com/saga?code=server-full");
        operation.GetProperty("steps").EnumerateArray().Single(s => Text(s, "name") == "database.create").GetProperty("failure").GetProperty("help").GetString()
            .ShouldBe("https://runbooks.example.com/saga?code=server-full");
    }

    // Most operations end without a failure, and there may be a million of them.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_not_read_all_operations(bool retried)
    {
        await WorkflowAsync();
        await Server.ExecuteAsync(
            $"""
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, next_due_at, finished_at, failure, failed_at, failed_step, slot)
            select gen_random_uuid(), 'provision', null, (select digest from workflows limit 1), case when i % 200 = 0 then 'compensated' else 'completed' end, jsonb_build_object(), 'x', null,
                now() - i * interval '1 minute', case when i % 200 = 0 then '{Full}'::jsonb end, case when i % 200 = 0 then now() - i * interval '1 minute' end, 'one', 'released'
            from generate_series(1, 20000) i
            """);
        await Server.ExecuteAsync("analyze operations");
        await using var command = Server.Registry.CreateCommand("explain " + FailureListing.Select(retried));
        command.Parameters.Add(new() { Value = DBNull.Value });
        command.Parameters.Add(new() { Value = DBNull.Value });
        command.Parameters.Add(new() { Value = Server.Clock.GetUtcNow().AddDays(-1), NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = DBNull.Value });
        command.Parameters.Add(new() { Value = DBNull.Value });
        var plan = new List<string>();
        await using (var rows = await command.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
                plan.Add(rows.GetString(0));
        }

        var text = string.Join('\n', plan);
        text.ShouldNotContain("Seq Scan on operations");
        text.ShouldContain(retried ? "operations_due" : "operations_failed");
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private string Ago(int days) => Server.Clock.GetUtcNow().AddDays(-days).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private async Task<List<JsonElement>> GroupsAsync(string query) => [.. (await Server.GetAsync("/api/v1/operations/failures?" + query)).GetProperty("items").EnumerateArray()];

    private async Task<string> StepsAsync(string query) => string.Join(' ', (await GroupsAsync(query)).Select(g => Text(g, "step")));

    private async Task<DateTimeOffset> AtAsync(Guid operation) => new(await Server.QueryAsync<DateTime>($"select failed_at from operations where id = '{operation}'"));

    private Task WorkflowAsync() => Server.AcceptedAsync("first");

    private async Task<Guid> FailedAsync(
        string state, string? failure, string? step, bool back, string ago, string plan = "basic", string tier = "row", string? cancellation = null, string kind = "provision")
    {
        var id = await OperationAsync(state, failure, ago, plan, tier, cancellation, kind);
        if (failure is not null)
            await Server.ExecuteAsync($"update operations set failed_at = created_at, failed_step = {Quoted(step)}, failed_back = {back} where id = '{id}'");
        return id;
    }

    private async Task<Guid> OperationAsync(
        string state, string? failure, string ago, string plan = "basic", string tier = "row", string? cancellation = null, string kind = "provision")
    {
        var id = Guid.NewGuid();
        await Server.ExecuteAsync(
            $"""
            insert into tenants (id, slug, name, plan, tier, status, subdomain, timezone, admin_email) values ('{id}', 't{id:n}', 'T', '{plan}', '{tier}', 'failed', 't{id:n}', 'UTC', 'a@b.co');
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by, failure, cancellation, created_at, finished_at, next_due_at)
            select '{id}', '{kind}', '{id}', digest, '{state}', '{"{}"}', 'x', {Quoted(failure)}, {Quoted(cancellation)}, now() - interval '{ago}',
                case when '{state}' in ('compensated', 'cancelled', 'completed') then now() - interval '{ago}' end, case when '{state}' in ('running', 'compensating') then now() end
            from workflows where kind = '{kind}' limit 1
            """);
        return id;
    }

    private Task StepAsync(Guid operation, string step, string status, string? failure, int attempt) => Server.ExecuteAsync(
        $"""
        insert into operation_steps (operation_id, step, fence, status, attempt, failure, held_by, dispatched_at)
        values ('{operation}', '{step}', 1, '{status}', {attempt}, {Quoted(failure)}, {(status == "held" ? "'keycloak'" : "null")}, now())
        """);

    private static string Quoted(string? text) => text is null ? "null" : $"'{text}'";
}
