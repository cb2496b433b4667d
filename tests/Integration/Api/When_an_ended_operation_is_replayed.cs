using System.Text.Json;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_ended_operation_is_replayed : ReplayTest
{
    [Theory, InlineData("compensated"), InlineData("cancelled")]
    public async Task Should_run_its_command_again_as_a_new_operation(string state)
    {
        var id = await EndedAsync(state);

        using var response = await PostAsync(id, new { reason = "The mail server is back." });

        var replay = await AcceptedAsync(response);
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/operations/{replay.Id}");
        replay.Id.ShouldNotBe(id);
        replay.View.GetProperty("replayOf").GetGuid().ShouldBe(id);
        replay.View.GetProperty("replay").GetProperty("stage").GetString().ShouldBe("requested");
        replay.View.GetProperty("history")[0].GetProperty("data").GetRawText().ShouldBe($$"""{"reason":"The mail server is back.","replayOf":"{{id}}"}""");
        (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("replayedBy").GetGuid().ShouldBe(replay.Id);
        (await Server.QueryAsync<bool>($"select a.input = b.input and a.tenant_id <> b.tenant_id from operations a, operations b where a.id = '{id}' and b.id = '{replay.Id}'")).ShouldBeTrue();
        (await Server.QueryAsync<string>($"select concat_ws(' ', actor, detail->>'reason', detail->>'operation') from audit where action = 'operation.replay' and operation_id = '{id}'"))
            .ShouldBe($"ada The mail server is back. {replay.Id}");
        (await Server.QueryAsync<string>($"select detail->>'replayOf' from audit where action = 'tenant.provision' and operation_id = '{replay.Id}'")).ShouldBe(id.ToString());
    }

    [Fact]
    public async Task Should_run_it_with_what_is_different()
    {
        var id = await EndedAsync();

        using var response = await PostAsync(id, new { reason = "The name was taken.", input = new { slug = "acme-two" } });

        var replay = await AcceptedAsync(response);
        (await Server.QueryAsync<string>($"select (input - 'slug' = (select input - 'slug' from operations where id = '{id}'))::text || ' ' || (input->>'slug') from operations where id = '{replay.Id}'"))
            .ShouldBe("true acme-two");
        replay.View.GetProperty("tenant").GetProperty("slug").GetString().ShouldBe("acme-two");
    }

    [Fact]
    public async Task Should_show_the_command_and_its_steps_and_write_nothing()
    {
        var id = await EndedAsync();

        using var dry = await PostAsync(id, new { reason = "Why.", input = new { slug = "acme-two" } }, "?dryRun=true");

        var shown = await ApiServer.JsonAsync(dry);
        ((int)dry.StatusCode).ShouldBe(200);
        shown.GetProperty("runsCommand").GetBoolean().ShouldBeTrue();
        shown.GetProperty("command").GetProperty("slug").GetString().ShouldBe("acme-two");
        shown.GetProperty("version").GetInt64().ShouldBe(await Server.QueryAsync<long>($"select max(id) from operation_history where operation_id = '{id}'"));
        var steps = shown.GetProperty("steps").EnumerateArray().ToList();
        steps.Count.ShouldBeGreaterThan(5);
        steps.ShouldAllBe(s => s.GetProperty("action").GetString() == "runs");
        (await Server.QueryAsync<long>("select count(*) from operations")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_accept_it_once()
    {
        var id = await EndedAsync();
        using var first = await PostAsync(id, new { reason = "Why." }, key: "once");
        var replay = await AcceptedAsync(first);

        using var again = await PostAsync(id, new { reason = "Why." }, key: "once");
        using var another = await PostAsync(id, new { reason = "Why.", input = new { slug = "acme-two" } }, key: "twice");
        using var dry = await PostAsync(id, new { reason = "Why." }, "?dryRun=true");

        (await AcceptedAsync(again)).Id.ShouldBe(replay.Id);
        (await ProblemAsync(another, 409, "operation-not-replayable")).GetProperty("detail").GetString()!.ShouldContain(replay.Id.ToString());
        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("status").GetInt32().ShouldBe(409);
        await EndAsync(replay.Id, "completed");
        using var completed = await PostAsync(id, new { reason = "Why." });
        await ProblemAsync(completed, 409, "operation-not-replayable");
    }

    [Fact]
    public async Task Should_not_be_taken_for_the_command_that_it_runs_again()
    {
        using var posted = await Server.PostAsync(ApiServer.Body("acme"), key: "once");
        var id = (await AcceptedAsync(posted)).Id;
        await EndAsync(id, "compensated");

        using var response = await PostAsync(id, new { reason = "Why." }, key: "once");

        await ProblemAsync(response, 422, "idempotency-key-reused");
    }

    [Fact]
    public async Task Should_accept_one_of_many_orders_at_once()
    {
        var id = await EndedAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => PostAsync(id, new { reason = "Why.", input = new { slug = $"acme-{i}" } }, key: $"key-{i}")));

        answers.Select(a => (int)a.StatusCode).Order().ShouldBe([202, 409, 409, 409, 409, 409]);
        (await Server.QueryAsync<long>($"select count(*) from operations where replay_of = '{id}'")).ShouldBe(1);
        foreach (var answer in answers)
            answer.Dispose();
    }

    [Fact]
    public async Task Should_run_it_once_more_when_the_replay_was_undone_too()
    {
        var id = await EndedAsync();
        using var first = await PostAsync(id, new { reason = "Why." });
        var undone = await AcceptedAsync(first);
        await EndAsync(undone.Id, "compensated");

        using var second = await PostAsync(id, new { reason = "Why." });

        var replay = await AcceptedAsync(second);
        (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("replayedBy").GetGuid().ShouldBe(replay.Id);
    }

    [Fact]
    public async Task Should_refuse_what_is_for_stalled_operations_and_what_the_command_does_not_allow()
    {
        var id = await EndedAsync();

        (await PointersAsync(id, new { reason = "Why.", mode = "forward", from = "tenant.verify", skip = new[] { new { step = "tenant.verify", reason = "Why." } }, plan = new string('a', 64) }))
            .ShouldBe(["/mode", "/from", "/skip", "/plan"]);
        (await PointersAsync(id, new { reason = "Why.", input = new { nothing = 1 } })).ShouldBe(["/input/nothing"]);
        (await PointersAsync(id, new { reason = "Why.", input = new { slug = "NO" } })).ShouldBe(["/input/slug"]);
        (await PointersAsync(id, new { reason = "Why.", input = "slug" })).ShouldBe(["/input"]);
        (await Server.QueryAsync<long>("select count(*) from operations")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_refuse_an_order_that_is_based_on_another_version()
    {
        var id = await EndedAsync();
        var version = (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("version").GetInt64();

        using var other = await PostAsync(id, new { reason = "Why.", expectedVersion = version - 1 });
        using var same = await PostAsync(id, new { reason = "Why.", expectedVersion = version });

        (await ProblemAsync(other, 409, "operation-moved")).GetProperty("detail").GetString()!.ShouldContain($"has version {version}");
        ((int)same.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task Should_be_for_administrators_only()
    {
        var id = await EndedAsync();
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var refused = await PostAsync(id, new { reason = "Why." }, client: operators);
        using var dry = await PostAsync(id, new { reason = "Why." }, "?dryRun=true", client: operators);

        (await ProblemAsync(refused, 403, "forbidden")).GetProperty("detail").GetString()!.ShouldContain("platform-admin");
        var shown = await ApiServer.JsonAsync(dry);
        (shown.TryGetProperty("command", out _), shown.GetProperty("refusal").GetProperty("status").GetInt32()).ShouldBe((false, 403));
        (await Server.RefusedAsync()).ShouldBe("ada POST /api/v1/operations/{id}/replay forbidden 1");
    }

    [Fact]
    public async Task Should_ask_for_a_value_that_is_stored_encrypted_and_never_show_it()
    {
        var id = await EndedAsync();
        await Server.ExecuteAsync(
            """
            update tenants set status = 'active';
            update operations set kind = 'config', input = jsonb_build_object('tenantId', tenant_id, 'configKey', 'theme', 'configValue', '{"box": "AAAA"}'::jsonb, 'isEncrypted', true)
            """);

        (await PointersAsync(id, new { reason = "Why." })).ShouldBe(["/input/configValue"]);
        using var dry = await PostAsync(id, new { reason = "Why.", input = new { configValue = "s3cret" } }, "?dryRun=true");

        var shown = await dry.Content.ReadAsStringAsync();
        shown.ShouldContain("configKey");
        shown.ShouldNotContain("s3cret");
        shown.ShouldNotContain("AAAA");
    }

    [Fact]
    public async Task Should_stay_with_its_tenant()
    {
        var id = await EndedAsync();
        await Server.ExecuteAsync("update operations set kind = 'suspend', input = jsonb_build_object('tenantId', tenant_id, 'reason', 'Unpaid.')");

        (await PointersAsync(id, new { reason = "Why.", input = new { tenantId = Guid.NewGuid() } })).ShouldBe(["/input/tenantId"]);
    }

    [Theory]
    [InlineData("remove", "is part of another one")]
    [InlineData("kind-of-tomorrow", "does not know the command")]
    public async Task Should_refuse_commands_that_nobody_gives_by_themselves(string kind, string why)
    {
        var id = await EndedAsync();
        await Server.ExecuteAsync($"update operations set kind = '{kind}'");

        using var response = await PostAsync(id, new { reason = "Why." });

        (await ProblemAsync(response, 409, "operation-not-replayable")).GetProperty("detail").GetString()!.ShouldContain(why);
    }

    // A provisioning that came to nothing.
    private async Task<Guid> EndedAsync(string state = "compensated")
    {
        var id = await Server.AcceptedAsync("acme");
        await EndAsync(id, state);
        return id;
    }

    private Task EndAsync(Guid id, string state) => Server.ExecuteAsync(
        $"""
        update operations set state = '{state}', finished_at = now() where id = '{id}';
        delete from operation_scopes where operation_id = '{id}';
        update tenants set status = 'failed' where id = (select tenant_id from operations where id = '{id}')
        """);

    private static async Task<(Guid Id, JsonElement View)> AcceptedAsync(HttpResponseMessage response)
    {
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var view = await ApiServer.JsonAsync(response);
        return (view.GetProperty("id").GetGuid(), view);
    }
}
