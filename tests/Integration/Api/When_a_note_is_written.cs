using System.Net.Http.Json;
using System.Text.Json;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_note_is_written : ApiTest
{
    [Theory]
    [InlineData("accepted", false)]
    [InlineData("running", false)]
    [InlineData("stalled", false)]
    [InlineData("completed", true)]
    [InlineData("cancelled", true)]
    [InlineData("state-of-tomorrow", false)]
    public async Task Should_be_shown_and_audited_in_every_state(string state, bool ended)
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync($"update operations set state = '{state}', finished_at = {(ended ? "now()" : "null")}");
        var before = (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("version").GetInt64();
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var response = await PostAsync(id, new { text = "  The disk of db-3 was full: see ticket 4711. " }, client: operators);

        ((int)response.StatusCode).ShouldBe(200);
        var operation = await ApiServer.JsonAsync(response);
        operation.GetProperty("state").GetString().ShouldBe(state == "state-of-tomorrow" ? "unknown" : state);
        operation.GetProperty("version").GetInt64().ShouldBeGreaterThan(before);
        var line = operation.GetProperty("history").EnumerateArray().Last();
        (line.GetProperty("event").GetString(), line.GetProperty("data").GetProperty("by").GetString()).ShouldBe(("noted", "ada"));
        var action = operation.GetProperty("actions").EnumerateArray().Last();
        (action.GetProperty("event").GetString(), action.GetProperty("by").GetString(), action.GetProperty("text").GetString())
            .ShouldBe(("noted", "ada", "The disk of db-3 was full: see ticket 4711."));
        (await Server.QueryAsync<string>(
            "select concat_ws('|', a.actor, a.operation_id = o.id, a.tenant_id = o.tenant_id, a.detail->>'text') from audit a, operations o where a.action = 'operation.note'"))
            .ShouldBe($"ada|t|t|The disk of db-3 was full: see ticket 4711.");
    }

    [Fact]
    public async Task Should_be_written_once_for_the_same_idempotency_key()
    {
        var id = await Server.AcceptedAsync("acme");
        var other = await Server.AcceptedAsync("bolt");
        var claims = Server.Issuer.Claims(Roles.Operator);
        claims["sub"] = "grace";
        using var operators = Server.Client(Server.Issuer.Sign(claims));

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync(id, new { text = "Seen." }, "once")));
        using var reused = await PostAsync(id, new { text = "Mended." }, "once");
        using var another = await PostAsync(id, new { text = "Mended." }, "twice");
        using var elsewhere = await PostAsync(other, new { text = "Seen." }, "once");
        using var somebody = await PostAsync(id, new { text = "Mine." }, "once", operators);

        together.Select(r => (int)r.StatusCode).ShouldAllBe(s => s == 200);
        await ProblemAsync(reused, 422, "idempotency-key-reused");
        ((int)another.StatusCode, (int)elsewhere.StatusCode, (int)somebody.StatusCode).ShouldBe((200, 200, 200));
        (await TextsAsync(id)).ShouldBe(["Seen.", "Mended.", "Mine."]);
        (await TextsAsync(other)).ShouldBe(["Seen."]);
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'operation.note'")).ShouldBe(4);
        foreach (var response in together)
            response.Dispose();
    }

    [Fact]
    public async Task Should_be_written_again_without_a_key()
    {
        var id = await Server.AcceptedAsync("acme");

        using var first = await PostAsync(id, new { text = "Seen." });
        using var second = await PostAsync(id, new { text = "Seen." });

        (await TextsAsync(id)).ShouldBe(["Seen.", "Seen."]);
    }

    [Fact]
    public async Task Should_have_a_text_within_bounds()
    {
        var id = await Server.AcceptedAsync("acme");
        var longest = string.Concat(Enumerable.Repeat("\U0001F600", 2000));

        (await PointersAsync(id, new { text = longest + "." })).ShouldBe("/text");
        (await PointersAsync(id, new { text = " " })).ShouldBe("/text");
        (await PointersAsync(id, new { text = (string?)null })).ShouldBe("/text");
        (await PointersAsync(id, new { text = "Two\nlines." })).ShouldBe("/text");
        (await PointersAsync(id, new { text = "A bell: \u0007." })).ShouldBe("/text");
        (await PointersAsync(id, new { })).ShouldBe("/text");
        (await PointersAsync(id, new { text = "Seen.", reason = "Why." })).ShouldBe("/reason");
        (await TextsAsync(id)).ShouldBeEmpty();
        using var response = await PostAsync(id, new { text = longest });
        (await TextsAsync(id)).ShouldBe([longest]);
    }

    [Fact]
    public async Task Should_be_refused_when_the_operation_has_as_many_as_it_may_have()
    {
        var id = await Server.AcceptedAsync("acme");
        var other = await Server.AcceptedAsync("bolt");
        using var first = await PostAsync(id, new { text = "Seen." }, "once");
        await Server.ExecuteAsync(
            $$$"""insert into operation_history (operation_id, at, event, data) select '{{{id}}}', now(), 'noted', '{"by": "ada", "text": "More."}' from generate_series(1, 998)""");

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync(id, new { text = "The last one." })));
        using var full = await PostAsync(id, new { text = "One too many." });
        using var repeated = await PostAsync(id, new { text = "Seen." }, "once");
        using var elsewhere = await PostAsync(other, new { text = "Seen." });

        together.Select(r => (int)r.StatusCode).Order().ShouldBe([200, 409, 409, 409]);
        (await ProblemAsync(full, 409, "notes-full")).GetProperty("detail").GetString().ShouldBe("The operation has 1000 notes, and takes no more. Nothing was written.");
        ((int)repeated.StatusCode, (int)elsewhere.StatusCode).ShouldBe((200, 200));
        (await Server.QueryAsync<long>($"select count(*) from operation_history where event = 'noted' and operation_id = '{id}'")).ShouldBe(1000);
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'operation.note'")).ShouldBe(3);
        foreach (var response in together)
            response.Dispose();
    }

    [Fact]
    public async Task Should_be_for_operators_and_for_known_operations()
    {
        var id = await Server.AcceptedAsync("acme");
        using var auditors = Server.Client(Server.Issuer.Token(Roles.Auditor));

        using var viewer = await PostAsync(id, new { text = "Seen." }, client: Server.Viewer);
        using var auditor = await PostAsync(id, new { text = "Seen." }, client: auditors);
        using var unknown = await PostAsync(Guid.NewGuid(), new { text = "Seen." });
        using var invalid = await Server.Admin.PostAsJsonAsync("/api/v1/operations/x/note", new { text = "Seen." });
        using var badKey = await PostAsync(id, new { text = "Seen." }, "with a blank");

        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(auditor, 403, "forbidden");
        await ProblemAsync(unknown, 404, "operation-not-found");
        await ProblemAsync(invalid, 404, "operation-not-found");
        Parameters(await ProblemAsync(badKey, 400, "invalid-parameter")).ShouldBe("Idempotency-Key");
        (await TextsAsync(id)).ShouldBeEmpty();
    }

    private async Task<IEnumerable<string?>> TextsAsync(Guid id) =>
        (await Server.GetAsync($"/api/v1/operations/{id}")).GetProperty("actions").EnumerateArray()
            .Where(a => a.GetProperty("event").GetString() == "noted").Select(a => a.GetProperty("text").GetString()).ToList();

    private async Task<string> PointersAsync(Guid id, object body)
    {
        using var response = await PostAsync(id, body);
        return Pointers(await ProblemAsync(response, 422, "validation"));
    }

    private async Task<HttpResponseMessage> PostAsync(Guid id, object body, string? key = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/operations/{id}/note") { Content = JsonContent.Create(body, options: JsonSerializerOptions.Web) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
