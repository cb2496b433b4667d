using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Provision;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_operation_is_shown : ApiTest
{
    [Fact]
    public async Task Should_merge_the_graph_with_how_far_it_has_come()
    {
        var id = await Server.AcceptedAsync("acme");
        var began = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var failure = new Failure { Code = "server-full", Message = "eu-1 is full.", Remedy = "Add a server.", Transient = false, System = "postgresql:eu-1" };
        await using (var update = Server.Registry.CreateCommand(
            """
            with o as (update operations set state = 'compensating', failure = $1::jsonb returning id)
            insert into operation_steps (operation_id, step, status, attempt, fence, started_at, dispatched_at, due_at, deadline, finished_at, failure, held_by, output)
            select o.id, v.* from o cross join (values
                ('placement.reserve', 'succeeded', 1, 1, $2, null, null, null, $2 + interval '40 milliseconds', null, null, '{"server":"eu-1"}'::jsonb),
                ('database.create', 'failed', 2, 3, $2, $2 + interval '1 second', null, null, null, $1::jsonb, null, null),
                ('organization.create', 'held', 0, 1, null, null, $2 + interval '9 seconds', $2 + interval '10 minutes', null, null, 'keycloak', null)) v
            """))
        {
            update.Parameters.Add(new() { Value = JsonSerializer.Serialize(failure, Json.Options) });
            update.Parameters.Add(new() { Value = began });
            await update.ExecuteNonQueryAsync();
        }

        var operation = await Server.GetAsync($"/api/v1/operations/{id}");

        operation.GetProperty("state").GetString().ShouldBe("compensating");
        operation.GetProperty("failure").GetProperty("remedy").GetString().ShouldBe("Add a server.");
        operation.GetProperty("stepsSucceeded").GetInt32().ShouldBe(1);
        operation.GetProperty("stepsTotal").GetInt32().ShouldBe(11);
        operation.GetProperty("workflowVersion").GetInt32().ShouldBe(ProvisionWorkflow.Definition.Version);
        operation.GetProperty("events").GetString().ShouldBe($"/api/v1/operations/{id}/events");
        var steps = operation.GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);
        Shown(steps["placement.reserve"]).ShouldBe("reservation compensatable [] succeeded 1/5 40");
        steps["placement.reserve"].GetProperty("output").GetProperty("server").GetString().ShouldBe("eu-1");
        Shown(steps["database.create"]).ShouldBe("database compensatable [placement.reserve] failed 2/5 ");
        steps["database.create"].GetProperty("failure").GetProperty("code").GetString().ShouldBe("server-full");
        steps["organization.create"].GetProperty("status").GetString().ShouldBe("deferred", "stored as held");
        steps["organization.create"].GetProperty("deferredBy").GetString().ShouldBe("keycloak");
        steps["organization.create"].GetProperty("heldBy").GetString().ShouldBe("keycloak", "the former name");
        steps["organization.create"].GetProperty("dueAt").GetDateTimeOffset().ShouldBe(began.AddSeconds(9));
        Shown(steps["tenant.activate"]).ShouldBe("reservation pivot [tenant.verify] pending 0/5 ");
        steps["tenant.activate"].TryGetProperty("failure", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_show_the_graph_it_started_with()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync("""update workflows set definition = '{"kind":"provision","version":7,"steps":[{"name":"old","worker":"past"}]}'""");

        var operation = await Server.GetAsync($"/api/v1/operations/{id}");

        operation.GetProperty("workflowVersion").GetInt32().ShouldBe(7);
        operation.GetProperty("steps").EnumerateArray().ShouldHaveSingleItem().GetProperty("name").GetString().ShouldBe("old");
    }

    [Fact]
    public async Task Should_show_the_history_in_order()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync(
            $$"""insert into operation_history (operation_id, at, event, step, attempt, data) values ('{{id}}', now(), 'stepFailed', 'database', 2, '{"code":"server-full"}'), ('{{id}}', now(), 'stepHeld', 'cache', 1, null)""");

        var history = (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("history").EnumerateArray().ToList();

        history.Select(h => h.GetProperty("event").GetString()).ShouldBe(["accepted", "stepFailed", "stepDeferred"], "what an earlier version wrote has the present name");
        history[1].GetProperty("attempt").GetInt32().ShouldBe(2);
        history[1].GetProperty("data").GetProperty("code").GetString().ShouldBe("server-full");
    }

    [Fact]
    public async Task Should_show_what_it_waits_for_what_was_tried_and_who_did_what()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync(
            $$"""
            update operations set state = 'running', slot = 'queued', slot_since = '2027-01-31T12:00:00Z' where id = '{{id}}';
            insert into operation_steps (operation_id, step, status, attempt, fence, taken_at, holder, held_fence, lost_at) values
                ('{{id}}', 'placement.reserve', 'running', 2, 2, '2027-01-31T12:00:10Z', '{{Guid.NewGuid()}}', 2, '2027-01-31T12:00:25Z');
            insert into operation_history (operation_id, at, event, step, attempt, data) values
                ('{{id}}', '2027-01-31T12:00:00Z', 'stepDispatched', 'placement.reserve', 1, null),
                ('{{id}}', '2027-01-31T12:00:01Z', 'stepFailed', 'placement.reserve', 1, '{"failure":{"code":"postgresql-busy","message":"It is full.","kind":"overload"},"final":false,"retryAt":"2027-01-31T12:00:09Z"}'),
                ('{{id}}', '2027-01-31T12:00:09Z', 'stepDispatched', 'placement.reserve', 2, null),
                ('{{id}}', '2027-01-31T12:00:12Z', 'cancelRefused', null, null, '{"actor":"user:ada","reason":"It was a mistake.","why":"Too late."}')
            """);

        var operation = await Server.GetAsync($"/api/v1/operations/{id}");

        operation.GetProperty("pending").EnumerateArray().Select(p => p.GetProperty("for").GetString()).ShouldBe(["result", "slot"]);
        operation.GetProperty("pending")[0].GetProperty("leaseUntil").GetDateTimeOffset().ShouldBe(new(2027, 1, 31, 12, 0, 25, TimeSpan.Zero));
        operation.GetProperty("pending")[1].GetProperty("since").GetDateTimeOffset().ShouldBe(new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero));
        operation.GetProperty("nextSteps").EnumerateArray().Select(s => s.GetString()).ShouldContain("database.create");
        var attempts = operation.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "placement.reserve").GetProperty("attempts");
        attempts.EnumerateArray().Select(a => a.GetProperty("number").GetInt32()).ShouldBe([1, 2]);
        attempts[0].GetProperty("durationMs").GetDouble().ShouldBe(1000);
        attempts[0].GetProperty("failure").GetProperty("help").GetString().ShouldBe("/docs/failures/postgresql-busy");
        attempts[1].GetProperty("waitedMs").GetDouble().ShouldBe(8000);
        attempts[1].TryGetProperty("result", out _).ShouldBeFalse("it runs");
        operation.GetProperty("actions").EnumerateArray().Select(a => a.GetProperty("event").GetString()).ShouldBe(["accepted", "cancelRefused"]);
        operation.GetProperty("actions")[1].GetProperty("by").GetString().ShouldBe("user:ada");
        (await Server.GetAsync("/api/v1/operations")).GetProperty("items")[0].TryGetProperty("pending", out _).ShouldBeFalse("the list stays small");
    }

    [Fact]
    public async Task Should_list_plans_without_their_secrets()
    {
        await Server.ExecuteAsync(
            """update plan_versions set definition = jsonb_set(definition, '{settings,smtpPassword}', '{"value":"hunter2","sealed":true}') where name = 'basic'""");

        var plans = await Server.GetAsync("/api/v1/plans");

        plans.ToString().ShouldNotContain("hunter2");
        plans.GetProperty("items").EnumerateArray().Select(p => p.GetProperty("name").GetString()).ShouldBe(["basic", "custom", "enterprise", "premium"]);
        var basic = plans.GetProperty("items")[0];
        basic.GetProperty("defaultTier").GetString().ShouldBe("row");
        basic.GetProperty("limits").GetProperty("users").GetInt32().ShouldBe(100);
        basic.GetProperty("settings").GetProperty("file_upload.max_size").GetProperty("default").GetInt32().ShouldBe(10);
        basic.GetProperty("settings").GetProperty("smtpPassword").GetProperty("sealed").GetBoolean().ShouldBeTrue();
    }

    private static string Shown(JsonElement step) =>
        $"{step.GetProperty("worker").GetString()} {step.GetProperty("kind").GetString()} [{string.Join(' ', step.GetProperty("after").EnumerateArray())}] " +
        $"{step.GetProperty("status").GetString()} {step.GetProperty("attempt").GetInt32()}/{step.GetProperty("maxAttempts").GetInt32()} " +
        (step.TryGetProperty("durationMs", out var duration) ? duration.ToString() : "");
}
