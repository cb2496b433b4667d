using System.Net.Http.Json;
using System.Text.Json;
using Saga.Api.Tokens;
using Saga.Engine;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_step_is_answered : ApiTest
{
    private static readonly WorkflowDefinition Workflow = new WorkflowDefinition
    {
        Kind = "test", Version = 1, EngineLevel = EngineLevel.Waits,
        Steps =
        [
            new() { Name = "ask", Wait = new() { For = WaitKind.Approval, AtMost = TimeSpan.FromDays(1) } },
            new() { Name = "told", Wait = new() { For = WaitKind.Signal, Signal = "paid" } },
            new() { Name = "rest", Wait = new() { For = WaitKind.Time, Lasts = TimeSpan.FromDays(1) } },
            new() { Name = "work", Worker = "w", After = ["ask", "told", "rest"] },
        ],
    }.Validated();

    [Fact]
    public async Task Should_show_what_it_waits_for_and_until_when()
    {
        var operation = await AwaitingAsync();

        var steps = await StepsAsync(operation);

        (Text(steps["ask"], "status"), steps["ask"].TryGetProperty("worker", out _), Text(steps["ask"], "wait", "for")).ShouldBe(("awaiting", false, "approval"));
        steps["ask"].GetProperty("wait").GetProperty("until").GetDateTimeOffset().ShouldBe(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        (Text(steps["told"], "wait", "for"), Text(steps["told"], "wait", "signal"), steps["told"].GetProperty("wait").TryGetProperty("until", out _)).ShouldBe(("signal", "paid", false));
        (Text(steps["rest"], "wait", "for"), steps["work"].TryGetProperty("wait", out _)).ShouldBe(("time", false));
    }

    [Theory, InlineData("approve", "approved", "operation.approve"), InlineData("reject", "rejected", "operation.reject")]
    public async Task Should_take_one_answer_and_name_it_to_everybody_else(string verb, string word, string action)
    {
        var operation = await AwaitingAsync();

        var shown = await AcceptedAsync($"{operation}/{verb}", new { reason = " checked " });

        var answer = Steps(shown)["ask"].GetProperty("wait").GetProperty("answer");
        (Text(answer, "kind"), Text(answer, "by"), Text(answer, "reason")).ShouldBe((word, "ada", "checked"));
        Steps(shown)["ask"].GetProperty("wait").TryGetProperty("until", out _).ShouldBeFalse();
        var line = shown.GetProperty("history").EnumerateArray().Last();
        (Text(line, "event"), Text(line, "step"), Text(line, "data", "answer"), Text(line, "data", "by")).ShouldBe(("waitAnswered", "ask", word, "ada"));
        (await Server.QueryAsync<string>($"select concat_ws(' ', actor, action, detail->>'step', detail->>'reason') from audit where operation_id = '{operation}'")).ShouldBe($"ada {action} ask checked");
        (await Server.QueryAsync<bool>($"select next_due_at <= now() from operations where id = '{operation}'")).ShouldBeTrue();

        // Without a reply the caller sends it again.
        await AcceptedAsync($"{operation}/{verb}", new { reason = "checked" });
        using var other = Server.Client(Grace());
        foreach (var late in new[] { "approve", "reject" })
        {
            using var refused = await PostAsync($"{operation}/{late}", new { reason = "me too" }, other);
            (await ProblemAsync(refused, 409, "nothing-waits")).GetProperty("detail").GetString()!.ShouldStartWith($"Step 'ask' was {word} by ada at ");
        }

        (await Server.QueryAsync<long>($"select count(*) from audit where operation_id = '{operation}'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_keep_a_signal_that_comes_before_its_step_waits()
    {
        var operation = await EngineHost.SubmitAsync(Server.Registry, Workflow);

        var shown = await AcceptedAsync($"{operation}/signals/paid", new { data = new { invoice = 7 } });

        (Text(shown, "state"), Text(Steps(shown)["told"], "status"), Text(Steps(shown)["told"], "wait", "answer", "kind")).ShouldBe(("accepted", "pending", "signalled"));
        (await Server.QueryAsync<int>($"select (answer->'data'->>'invoice')::int from operation_steps where operation_id = '{operation}'")).ShouldBe(7);
        await AcceptedAsync($"{operation}/signals/paid", new { data = new { invoice = 7 } });
        using var another = await PostAsync($"{operation}/signals/paid", new { data = new { invoice = 8 } });
        await ProblemAsync(another, 409, "nothing-waits");
        using var unknown = await PostAsync($"{operation}/signals/shipped", new { });
        (await ProblemAsync(unknown, 409, "nothing-waits")).GetProperty("detail").GetString().ShouldBe("The operation waits for no signal 'shipped'. Its signals are 'paid'.");
    }

    [Fact]
    public async Task Should_end_a_wait_early_but_no_approval()
    {
        var operation = await AwaitingAsync();

        Text(Steps(await AcceptedAsync($"{operation}/waits/rest/end", new { reason = "it is urgent" }))["rest"], "wait", "answer", "kind").ShouldBe("ended");

        using var approval = await PostAsync($"{operation}/waits/ask/end", new { reason = "it is urgent" });
        (await ProblemAsync(approval, 409, "nothing-waits")).GetProperty("detail").GetString().ShouldBe("Step 'ask' waits for an approval: approve or reject it.");
    }

    [Theory]
    [InlineData("completed", "The operation has ended (completed), so none of its steps waits any more.")]
    [InlineData("compensating", "The operation compensates, so none of its steps waits any more.")]
    public async Task Should_refuse_answers_that_nothing_waits_for(string state, string why)
    {
        var operation = await AwaitingAsync();
        await Server.ExecuteAsync($"update operations set state = '{state}' where id = '{operation}'");

        foreach (var (path, body) in new (string, object)[] { ("approve", new { reason = "r" }), ("reject", new { reason = "r" }), ("signals/paid", new { }), ("waits/rest/end", new { reason = "r" }) })
        {
            using var refused = await PostAsync($"{operation}/{path}", body);
            (await ProblemAsync(refused, 409, "nothing-waits")).GetProperty("detail").GetString().ShouldBe(why);
        }

        (await Server.QueryAsync<long>("select count(*) from operation_steps where answer is not null")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_say_which_field_is_wrong()
    {
        var operation = await AwaitingAsync();
        var long501 = new string('x', 501);
        foreach (var (path, body, pointers) in new (string, string, string)[]
        {
            ("approve", "{}", "/reason"), ("reject", """{"reason":" "}""", "/reason"), ("approve", $$"""{"reason":"{{long501}}"}""", "/reason"),
            ("approve", """{"reason":"NUL \u0000"}""", "/reason"), ("approve", """{"reason":7,"stepp":"ask"}""", "/reason /stepp"),
            ("signals/paid", """{"data":"\u0000"}""", "/data"), ("waits/rest/end", "{}", "/reason"),
        })
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var refused = await Server.Admin.PostAsync(new Uri($"/api/v1/operations/{operation}/{path}", UriKind.Relative), content);
            Pointers(await ProblemAsync(refused, 422, "validation")).ShouldBe(pointers);
        }

        using var nobody = await PostAsync($"{Guid.CreateVersion7()}/approve", new { reason = "r" });
        await ProblemAsync(nobody, 404, "operation-not-found");
        using var viewer = await PostAsync($"{operation}/approve", new { reason = "r" }, Server.Viewer);
        await ProblemAsync(viewer, 403, "forbidden");
        (await Server.QueryAsync<long>("select count(*) from operation_steps where answer is not null")).ShouldBe(0);
    }

    private string Grace()
    {
        var claims = Server.Issuer.Claims(Roles.Admin);
        claims["sub"] = "grace";
        return Server.Issuer.Sign(claims);
    }

    private async Task<Guid> AwaitingAsync()
    {
        var operation = await EngineHost.SubmitAsync(Server.Registry, Workflow);
        await Server.ExecuteAsync(
            $"""
            update operations set state = 'running', slot = 'released', next_due_at = '2030-01-01Z' where id = '{operation}';
            insert into operation_steps (operation_id, step, fence, status, started_at, due_at) values
                ('{operation}', 'ask', 0, 'awaiting', now(), '2030-01-01Z'), ('{operation}', 'told', 0, 'awaiting', now(), null), ('{operation}', 'rest', 0, 'awaiting', now(), '2030-01-02Z');
            """);
        return operation;
    }

    private Task<HttpResponseMessage> PostAsync(string path, object body, HttpClient? client = null) =>
        (client ?? Server.Admin).PostAsJsonAsync(new Uri($"/api/v1/operations/{path}", UriKind.Relative), body);

    private async Task<JsonElement> AcceptedAsync(string path, object body)
    {
        using var response = await PostAsync(path, body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/operations/{path[..36]}");
        return await ApiServer.JsonAsync(response);
    }

    private async Task<Dictionary<string, JsonElement>> StepsAsync(Guid operation) => Steps(await Server.GetAsync($"/api/v1/operations/{operation}"));

    private static Dictionary<string, JsonElement> Steps(JsonElement operation) => operation.GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);

    private static string? Text(JsonElement element, params string[] path) => path.Aggregate(element, (at, name) => at.GetProperty(name)).GetString();
}
