using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_replay_is_ordered : ReplayTest
{
    [Fact]
    public async Task Should_take_the_order_and_show_the_operation()
    {
        var id = await StalledAsync();

        using var response = await PostAsync(id, new { reason = "It is mended." });

        ((int)response.StatusCode).ShouldBe(202);
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/operations/{id}");
        var view = await ApiServer.JsonAsync(response);
        (view.GetProperty("replay").GetProperty("stage").GetString(), view.GetProperty("replay").GetProperty("requestedBy").GetString()).ShouldBe(("requested", "ada"));
        view.GetProperty("history").EnumerateArray().Last().GetProperty("event").GetString().ShouldBe("replayRequested");
        (await Server.QueryAsync<string>("select message_type from outbox where destination = 'saga-orders'")).ShouldBe("Saga.Contracts.Steps.ReplayRequested");
        (await Server.QueryAsync<string>("select detail->>'reason' from audit where action = 'operation.replay'")).ShouldBe("It is mended.");
    }

    [Theory, InlineData(false, "verified"), InlineData(true, "contradicted")]
    public async Task Should_show_what_was_seen_of_its_effect(bool differs, string stage)
    {
        var id = await StalledAsync();
        using var ordered = await PostAsync(id, new { reason = "It is mended." });
        await Server.ExecuteAsync(
            $"""
            insert into operation_history (operation_id, at, event) values ('{id}', now(), 'replayed');
            update operations set state = 'completed', finished_at = now() where id = '{id}';
            update replay_checks set scan = '{id}', outcome = '{stage}', reason = 'Somebody looked.', judged_at = now();
            insert into drift_findings (id, resource, kind, name, tenant_id, differences, first_seen_at, last_seen_at, first_scan, last_scan)
            select gen_random_uuid(), 'organization', 'missing', 'acme', tenant_id, '[]', now(), now(), id, id from operations where id = '{id}' and {differs};
            """);

        var replay = (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("replay");

        (replay.GetProperty("stage").GetString(), replay.GetProperty("why").GetString(), replay.GetProperty("scan").GetString()).ShouldBe((stage, "Somebody looked.", $"/api/v1/operations/{id}"));
        replay.GetProperty("differences").EnumerateArray().Select(d => $"{d.GetProperty("kind").GetString()} {d.GetProperty("resource").GetString()} {d.GetProperty("name").GetString()}")
            .ShouldBe(differs ? ["missing organization acme"] : []);
    }

    [Fact]
    public async Task Should_show_what_would_happen_and_do_exactly_that_when_it_is_ordered_with_the_digest()
    {
        var id = await StalledAsync();
        using var dry = await PostAsync(id, new { reason = "It is mended." }, "?dryRun=true");
        var plan = await ApiServer.JsonAsync(dry);

        ((int)dry.StatusCode).ShouldBe(200);
        plan.GetProperty("direction").GetString().ShouldBe("forward");
        plan.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("action").GetString() == "runs").Select(s => s.GetProperty("name").GetString()).ShouldBe(["administrator.notify"]);
        plan.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
        var digest = plan.GetProperty("plan").GetString();

        using var another = await PostAsync(id, new { reason = "It is mended.", plan = digest, skip = new[] { new { step = "administrator.notify", reason = "Done by hand." } } });
        using var ordered = await PostAsync(id, new { reason = "It is mended.", plan = digest });

        (await ProblemAsync(another, 409, "operation-moved")).GetProperty("detail").GetString()!.ShouldContain("does not mean any more what its plan says");
        ((int)ordered.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task Should_refuse_an_order_that_is_based_on_a_former_version_and_name_the_present_one()
    {
        var id = await StalledAsync();
        var version = (await ApiServer.JsonAsync(await Server.Viewer.GetAsync($"/api/v1/operations/{id}"))).GetProperty("version").GetInt64();
        using var first = await PostAsync(id, new { reason = "First.", expectedVersion = version });

        using var second = await PostAsync(id, new { reason = "Second.", expectedVersion = version });

        ((int)first.StatusCode).ShouldBe(202);
        var present = await Server.QueryAsync<long>("select max(id) from operation_history");
        (await ProblemAsync(second, 409, "operation-moved")).GetProperty("detail").GetString()!.ShouldContain($"has version {present}");
        (await Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_order_once_for_the_same_idempotency_key()
    {
        var id = await StalledAsync();
        using var first = await PostAsync(id, new { reason = "It is mended." }, key: "once");

        using var second = await PostAsync(id, new { reason = "It is mended." }, key: "once");

        ((int)first.StatusCode, (int)second.StatusCode).ShouldBe((202, 202));
        (await Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(1);
    }

    [Theory]
    [InlineData("running", "The operation is running. Only a stalled operation waits for an operator.")]
    [InlineData("completed", "The operation has completed, so there is nothing to replay.")]
    public async Task Should_refuse_with_409_what_is_not_stalled(string state, string why)
    {
        var id = await StalledAsync();
        await Server.ExecuteAsync($"update operations set state = '{state}'");

        using var response = await PostAsync(id, new { reason = "It is mended." });
        using var dry = await PostAsync(id, new { reason = "It is mended." }, "?dryRun=true");

        (await ProblemAsync(response, 409, "operation-not-replayable")).GetProperty("detail").GetString().ShouldBe(why);
        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("detail").GetString().ShouldBe(why);
        (await Server.RefusedAsync()).ShouldBe("ada POST /api/v1/operations/{id}/replay operation-not-replayable 1");
    }

    [Fact]
    public async Task Should_name_each_field_that_breaks_a_rule()
    {
        var id = await StalledAsync();

        (await PointersAsync(id, new { reason = " ", expectedVersion = -1, plan = "x", skip = new[] { new { step = "administrator.notify", reason = "" } } }))
            .ShouldBe(["/reason", "/skip/0/reason", "/expectedVersion", "/plan"]);
        (await PointersAsync(id, new { reason = "Why.", from = "nothing", skip = new object[] { new { step = "tenant.activate", reason = "Why." } } })).ShouldBe(["/from", "/skip/0/step"]);
        (await PointersAsync(id, new { reason = "Why.", skip = new object?[] { null, new { reason = "Why." } } })).ShouldNotBeEmpty();
        (await PointersAsync(id, new { reason = "Why.", mode = "sideways" })).ShouldBe(["/mode"]);
        (await PointersAsync(id, new { reason = "Why.", input = new { } })).ShouldBe(["/input"]);
        (await Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_for_administrators_and_operators_and_for_known_operations()
    {
        var id = await StalledAsync();
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var viewer = await PostAsync(id, new { reason = "It is mended." }, client: Server.Viewer);
        using var ordered = await PostAsync(id, new { reason = "It is mended." }, client: operators);
        using var unknown = await PostAsync(Guid.NewGuid(), new { reason = "It is mended." }, client: operators);

        await ProblemAsync(viewer, 403, "forbidden");
        ((int)ordered.StatusCode).ShouldBe(202);
        await ProblemAsync(unknown, 404, "operation-not-found");
    }

    [Theory]
    [InlineData("remove")]
    [InlineData("deprovision")]
    [InlineData("remove-copy")]
    [InlineData("kind-of-tomorrow")]
    public async Task Should_let_a_removal_go_on_for_an_administrator_only(string kind)
    {
        var id = await StalledAsync();
        await Server.ExecuteAsync($"update operations set kind = '{kind}'");
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var dry = await PostAsync(id, new { reason = "It is mended." }, "?dryRun=true", client: operators);
        using var refused = await PostAsync(id, new { reason = "It is mended.", mode = "forward" }, key: "once", client: operators);
        var written = await Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'");
        var audited = await Server.RefusedAsync();
        using var shown = await PostAsync(id, new { reason = "It is mended." }, "?dryRun=true");
        using var ordered = await PostAsync(id, new { reason = "It is mended." });

        (await ProblemAsync(refused, 403, "forbidden")).GetProperty("detail").GetString()!.ShouldContain("needs the role platform-admin");
        (written, audited).ShouldBe((0, "ada POST /api/v1/operations/{id}/replay forbidden 1"));
        var preview = await ApiServer.JsonAsync(dry);
        (preview.TryGetProperty("plan", out _), preview.GetProperty("refusal").GetProperty("status").GetInt32()).ShouldBe((false, 403));
        (await ApiServer.JsonAsync(shown)).TryGetProperty("refusal", out _).ShouldBeFalse();
        ((int)ordered.StatusCode).ShouldBe(202);
    }

    [Fact]
    public async Task Should_let_an_operator_undo_a_removal()
    {
        var id = await StalledAsync();
        await Server.ExecuteAsync(
            $"""
            update operations set kind = 'remove';
            update operation_steps set status = 'pending', fence = 0, attempt = 0, failure = null;
            update operation_steps set status = 'failed', fence = 1, attempt = 1, failure = '{Failure}'::jsonb where step = 'placement.reserve'
            """);
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var forward = await PostAsync(id, new { reason = "It is mended." }, client: operators);
        using var back = await PostAsync(id, new { reason = "It goes back.", mode = "compensate" }, client: operators);

        await ProblemAsync(forward, 403, "forbidden");
        ((int)back.StatusCode).ShouldBe(202, await back.Content.ReadAsStringAsync());
    }
}
