using System.Net.Http.Json;
using System.Text.Json;
using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>Commands for a time that their sender wants a second person to approve.</summary>
public sealed class When_a_command_needs_approval : ApiTest
{
    private static readonly string At = $"?runAt={TimeProvider.System.GetUtcNow().Date.AddDays(3):yyyy-MM-dd}T00:00:00Z";

    [Fact]
    public async Task Should_run_only_after_somebody_else_approved_it()
    {
        var (approved, rejected, forgotten) = (await CreatedAsync("approved"), await CreatedAsync("rejected"), await CreatedAsync("forgotten"));
        using (var self = await OrderAsync(approved, "approve"))
            (await ProblemAsync(self, 409, "scheduled-state")).GetProperty("detail").GetString().ShouldBe("You scheduled the command, so somebody else must approve it.");
        using (var early = await OrderAsync(approved, "run"))
            (await ProblemAsync(early, 409, "scheduled-state")).GetProperty("detail").GetString().ShouldBe("The command needs a second person's approval before it may run.");
        using (var viewer = await OrderAsync(approved, "approve", Server.Viewer))
            await ProblemAsync(viewer, 403, "forbidden");

        using var yes = await OrderAsync(approved, "approve", Grace());
        using var run = await OrderAsync(approved, "run");
        using var no = await OrderAsync(rejected, "reject", Grace());
        using var late = await OrderAsync(rejected, "approve", Grace());
        // Its time has come, although nobody decided.
        await Server.ExecuteAsync(
            $"""
            update scheduled_commands set run_at = now() - interval '2 days', expires_at = now() - interval '1 day', next_try_at = next_try_at - (expires_at - now()) - interval '1 day'
            where id = '{forgotten}'
            """);
        await using var host = await EngineHost.StartAsync(Server.Registry, null, []);

        ((int)yes.StatusCode, (int)run.StatusCode, (int)no.StatusCode).ShouldBe((200, 200, 200));
        await ProblemAsync(late, 409, "scheduled-state");
        (await EndedAsync(approved)).GetProperty("state").GetString().ShouldBe("submitted");
        (await ShowAsync(rejected)).GetProperty("endedBy").GetString().ShouldBe("grace");
        var expired = await EndedAsync(forgotten);
        (expired.GetProperty("state").GetString(), expired.GetProperty("refusal").GetProperty("type").GetString()).ShouldBe(("refused", "urn:saga:problem:schedule-expired"));
        expired.GetProperty("refusal").GetProperty("detail").GetString().ShouldStartWith("Nobody approved the command until ");
        (await Server.QueryAsync<string>("select string_agg(slug, ' ') from tenants")).ShouldBe("approved");
        (await Server.QueryAsync<string>("select string_agg(actor || ' ' || action, ', ' order by at) from audit where action in ('schedule.approve', 'schedule.reject', 'command.refuse')"))
            .ShouldBe($"grace schedule.approve, grace schedule.reject, schedule:{forgotten:d} command.refuse");
    }

    [Fact]
    public async Task Should_not_run_before_its_approval_although_a_runner_looks_at_it()
    {
        var id = await CreatedAsync("acme");
        // As a restored registry has it.
        await Server.ExecuteAsync("update scheduled_commands set run_at = now() - interval '1 hour', next_try_at = now() - interval '1 hour'");
        var store = new Saga.Registry.Schedule.ScheduleStore(Server.Registry, new());

        (await store.TakeDueAsync(10, TimeSpan.Zero, default)).ShouldBeEmpty();

        using var yes = await OrderAsync(id, "approve", Grace());
        (await store.TakeDueAsync(10, TimeSpan.Zero, default)).ShouldHaveSingleItem().Command.Approval!.By.ShouldBe("grace");
    }

    [Fact]
    public async Task Should_be_a_part_of_what_the_key_stands_for()
    {
        var id = await CreatedAsync("acme", "order-1");

        (await CreatedAsync("acme", "order-1")).ShouldBe(id);
        var body = ApiServer.Body("acme");
        body["name"] = "acme";
        using var without = await Server.PostAsync(body, "order-1", At);
        await ProblemAsync(without, 422, "idempotency-key-reused");
    }

    [Theory]
    [InlineData("?needsApproval=true")]
    [InlineData("?runAt=2030-01-01T00:00:00Z&needsApproval=yes")]
    public async Task Should_be_asked_for_with_a_time(string query)
    {
        using var refused = await Server.PostAsync(ApiServer.Body("acme"), query: query);

        Parameters(await ProblemAsync(refused, 400, "invalid-parameter")).ShouldBe("needsApproval");
        (await Server.QueryAsync<long>("select (select count(*) from scheduled_commands) + (select count(*) from operations)")).ShouldBe(0);
    }

    private HttpClient Grace()
    {
        var claims = Server.Issuer.Claims(Roles.Admin);
        claims["sub"] = "grace";
        return Server.Client(Server.Issuer.Sign(claims));
    }

    private async Task<Guid> CreatedAsync(string slug, string? key = null)
    {
        var body = ApiServer.Body(slug);
        body["name"] = slug;
        using var response = await Server.PostAsync(body, key, At + "&needsApproval=true");
        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        var created = await ApiServer.JsonAsync(response);
        created.GetProperty("needsApproval").GetBoolean().ShouldBeTrue();
        return created.GetProperty("id").GetGuid();
    }

    private Task<HttpResponseMessage> OrderAsync(Guid id, string verb, HttpClient? client = null) =>
        (client ?? Server.Admin).PostAsJsonAsync(new Uri($"/api/v1/scheduled/{id}/{verb}", UriKind.Relative), new { reason = "so be it" });

    private Task<JsonElement> ShowAsync(Guid id) => Server.GetAsync($"/api/v1/scheduled/{id}");

    private async Task<JsonElement> EndedAsync(Guid id)
    {
        await Until.TrueAsync(async () => (await ShowAsync(id)).GetProperty("state").GetString() != "scheduled", "it has ended");
        return await ShowAsync(id);
    }
}
