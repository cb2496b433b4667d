using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Api.Tokens;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_command_is_scheduled : ApiTest
{
    private static readonly DateTimeOffset Later = new DateTimeOffset(TimeProvider.System.GetUtcNow().Date.AddDays(3), TimeSpan.Zero);

    private static string At => $"?runAt={Later:yyyy-MM-ddTHH:mm:ssZ}";

    [Fact]
    public async Task Should_be_kept_without_an_operation_and_be_shown()
    {
        var created = await CreatedAsync("acme", At);

        var id = created.GetProperty("id").GetGuid();
        (Text(created, "kind"), Text(created, "state"), Text(created, "requestedBy")).ShouldBe(("provision", "scheduled", "ada"));
        (created.GetProperty("runAt").GetDateTimeOffset(), created.GetProperty("expiresAt").GetDateTimeOffset()).ShouldBe((Later, Later.AddDays(1)));
        created.GetProperty("command").GetProperty("slug").GetString().ShouldBe("acme");
        (await Server.QueryAsync<long>("select (select count(*) from operations) + (select count(*) from tenants)")).ShouldBe(0);
        (await Server.QueryAsync<string>("select actor from audit where action = 'command.schedule'")).ShouldBe("ada");
        JsonElement.DeepEquals(await Server.GetAsync($"/api/v1/scheduled/{id}"), created).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_listed_by_pages_and_filters()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 3; i++)
            ids.Add((await CreatedAsync($"acme-{i}", At)).GetProperty("id").GetGuid());
        await OrderAsync(ids[1], "cancel");

        var first = await Server.GetAsync("/api/v1/scheduled?limit=2");
        Ids(first).ShouldBe([ids[2], ids[1]]);
        Ids(await Server.GetAsync($"/api/v1/scheduled?limit=2&cursor={Text(first, "nextCursor")}")).ShouldBe([ids[0]]);
        Ids(await Server.GetAsync("/api/v1/scheduled?state=cancelled,refused")).ShouldBe([ids[1]]);
        Ids(await Server.GetAsync("/api/v1/scheduled?kind=provision&state=scheduled")).ShouldBe([ids[2], ids[0]]);
        Ids(await Server.GetAsync($"/api/v1/scheduled?tenant={Guid.CreateVersion7()}")).ShouldBeEmpty();
        Parameters(await ProblemAsync(await ReadAsync("/api/v1/scheduled?state=late&kind=teleport&tenant=acme"), 400, "invalid-parameter")).ShouldBe("state tenant kind");
    }

    [Fact]
    public async Task Should_be_one_command_for_one_key()
    {
        var first = await CreatedAsync("acme", At, "order-1");

        (await CreatedAsync("acme", At, "order-1")).GetProperty("id").GetGuid().ShouldBe(first.GetProperty("id").GetGuid());
        using var other = await Server.PostAsync(ApiServer.Body("acme"), "order-1", $"?runAt={Later.AddDays(1):yyyy-MM-ddTHH:mm:ssZ}");
        await ProblemAsync(other, 422, "idempotency-key-reused");
        (await Server.QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_refused_at_once_for_what_is_wrong_whatever_happens()
    {
        var body = ApiServer.Body("acme");
        body["plan"] = "no-such-plan";
        using var wrong = await Server.PostAsync(body, query: At);
        Pointers(await ProblemAsync(wrong, 422, "validation")).ShouldBe("/plan");
        using var past = await Server.PostAsync(ApiServer.Body("acme"), query: "?runAt=2020-01-01T00:00:00Z&expiresAt=2019-01-01T00:00:00Z");
        Parameters(await ProblemAsync(past, 422, "validation")).ShouldBe("runAt expiresAt");
        foreach (var (query, parameter) in new[] { ("?runAt=tomorrow", "runAt"), ("?runAt=2030-01-01T00:00:00", "runAt"), ("?expiresAt=2030-01-01T00:00:00Z", "expiresAt") })
        {
            using var unread = await Server.PostAsync(ApiServer.Body("acme"), query: query);
            Parameters(await ProblemAsync(unread, 400, "invalid-parameter")).ShouldBe(parameter);
        }

        (await Server.QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_be_possible_for_an_order_that_cannot_be_scheduled()
    {
        using var refused = await Server.Admin.PostAsJsonAsync(new Uri($"/api/v1/operations/{Guid.CreateVersion7()}/cancel{At}", UriKind.Relative), new { reason = "r" });

        Parameters(await ProblemAsync(refused, 400, "invalid-parameter")).ShouldBe("runAt");
    }

    [Fact]
    public async Task Should_be_cancelled_once_and_name_who_did_it()
    {
        var id = (await CreatedAsync("acme", At)).GetProperty("id").GetGuid();

        var cancelled = await OrderAsync(id, "cancel", "not any more");

        (Text(cancelled, "state"), Text(cancelled, "endedBy"), Text(cancelled, "endReason")).ShouldBe(("cancelled", "ada", "not any more"));
        await OrderAsync(id, "cancel", "not any more");
        using var run = await PostAsync(id, "run", "r");
        (await ProblemAsync(run, 409, "scheduled-state")).GetProperty("detail").GetString().ShouldBe("The command was cancelled by ada.");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail->>'reason') from audit where action = 'schedule.cancel'")).ShouldBe("ada not any more");
    }

    [Fact]
    public async Task Should_be_due_at_once_when_somebody_runs_it_now()
    {
        var id = (await CreatedAsync("acme", At)).GetProperty("id").GetGuid();
        (await Server.QueryAsync<bool>("select next_try_at > now() + interval '1 day' from scheduled_commands")).ShouldBeTrue();

        await OrderAsync(id, "run");

        (await Server.QueryAsync<bool>("select next_try_at <= now() and run_at <= now() from scheduled_commands")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_need_a_second_person_where_its_kind_asks_for_one()
    {
        var id = (await CreatedAsync("acme", At)).GetProperty("id").GetGuid();
        using (var needless = await PostAsync(id, "approve", "r", Grace()))
            await ProblemAsync(needless, 409, "scheduled-state");
        await Server.ExecuteAsync("update scheduled_commands set needs_approval = true, next_try_at = null");

        using var self = await PostAsync(id, "approve", "r");
        (await ProblemAsync(self, 409, "scheduled-state")).GetProperty("detail").GetString().ShouldBe("You scheduled the command, so somebody else must approve it.");
        var approval = (await OrderAsync(id, "approve", "checked", Grace())).GetProperty("approval");
        (Text(approval, "by"), Text(approval, "reason")).ShouldBe(("grace", "checked"));
        (await Server.QueryAsync<bool>("select next_try_at = run_at from scheduled_commands")).ShouldBeTrue();
        using var late = await PostAsync(id, "reject", "r", Grace());
        await ProblemAsync(late, 409, "scheduled-state");
    }

    [Fact]
    public async Task Should_say_what_is_wrong_with_an_order()
    {
        var id = (await CreatedAsync("acme", At)).GetProperty("id").GetGuid();
        foreach (var verb in new[] { "cancel", "run", "approve", "reject" })
        {
            using var empty = await Server.Admin.PostAsJsonAsync(new Uri($"/api/v1/scheduled/{id}/{verb}", UriKind.Relative), new JsonObject());
            Pointers(await ProblemAsync(empty, 422, "validation")).ShouldBe("/reason");
            using var viewer = await PostAsync(id, verb, "r", Server.Viewer);
            await ProblemAsync(viewer, 403, "forbidden");
            using var nobody = await PostAsync(Guid.CreateVersion7(), verb, "r");
            await ProblemAsync(nobody, 404, "scheduled-not-found");
        }

        await ProblemAsync(await ReadAsync($"/api/v1/scheduled/{Guid.CreateVersion7()}"), 404, "scheduled-not-found");
    }

    private HttpClient Grace()
    {
        var claims = Server.Issuer.Claims(Roles.Admin);
        claims["sub"] = "grace";
        return Server.Client(Server.Issuer.Sign(claims));
    }

    private async Task<JsonElement> CreatedAsync(string slug, string query, string? key = null)
    {
        using var response = await Server.PostAsync(ApiServer.Body(slug), key, query);
        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        var created = await ApiServer.JsonAsync(response);
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/scheduled/{created.GetProperty("id").GetGuid()}");
        return created;
    }

    private Task<HttpResponseMessage> PostAsync(Guid id, string verb, string reason, HttpClient? client = null) =>
        (client ?? Server.Admin).PostAsJsonAsync(new Uri($"/api/v1/scheduled/{id}/{verb}", UriKind.Relative), new { reason });

    private async Task<JsonElement> OrderAsync(Guid id, string verb, string reason = "so be it", HttpClient? client = null)
    {
        using var response = await PostAsync(id, verb, reason, client);
        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
        return await ApiServer.JsonAsync(response);
    }

    private static List<Guid> Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(o => o.GetProperty("id").GetGuid())];

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
