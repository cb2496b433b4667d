using Microsoft.Extensions.DependencyInjection;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Schedule;
using Shouldly;
using System.Net.Http.Json;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>An installation in which a second person must approve that an operation is forced to its end.</summary>
public sealed class When_an_end_is_forced : ReplayTest
{
    private static readonly object Told = new { reason = "I told them.", mode = "forceComplete", states = new Dictionary<string, string> { ["administrator.notify"] = "done" } };

    protected override Task<ApiServer> StartAsync() => ApiServer.StartAsync(settings: [("Saga:FourEyes:Commands:0", "forceComplete")]);

    [Fact]
    public async Task Should_need_a_second_person_who_approves_the_very_plan_and_be_verified_when_the_operation_has_ended()
    {
        var id = await StalledAsync();
        using var dry = await PostAsync(id, Told, "?dryRun=true");
        var plan = await ApiServer.JsonAsync(dry);
        plan.GetProperty("tenantStatus").GetString().ShouldBe("active");
        plan.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()).ShouldBe(
        [
            "Step 'administrator.notify' is taken at your word, and nobody looks. Stated as done.", "The tenant is scanned for drift and verified afterwards.",
            "A second person must approve the command before it runs. Until then it waits as a scheduled command, and nothing happens.",
        ]);

        using var posted = await PostAsync(id, Told);

        ((int)posted.StatusCode).ShouldBe(201, await posted.Content.ReadAsStringAsync());
        var address = posted.Headers.Location!.ToString();
        var waiting = await Server.GetAsync(address);
        (waiting.GetProperty("kind").GetString(), waiting.GetProperty("command").GetProperty("plan").GetString()).ShouldBe(("replay", plan.GetProperty("plan").GetString()));
        (await Server.GetAsync("/api/v1/scheduled?kind=replay")).GetProperty("items").GetArrayLength().ShouldBe(1);
        (await OrdersAsync()).ShouldBe(0);
        var claims = Server.Issuer.Claims(Roles.Admin);
        claims["sub"] = "grace";
        using var grace = Server.Client(Server.Issuer.Sign(claims));
        using var approved = await grace.PostAsJsonAsync(new Uri(address + "/approve", UriKind.Relative), new { reason = "I asked them." });
        var taken = (await TakenAsync()).ShouldHaveSingleItem();
        await Server.App.Services.GetRequiredService<ScheduledSubmitter<ReplayOperation>>().SubmitAsync(taken, default);

        (await OrdersAsync()).ShouldBe(1);
        var done = await Server.GetAsync(address);
        (done.GetProperty("state").GetString(), done.GetProperty("operation").GetString()).ShouldBe(("submitted", $"/api/v1/operations/{id}"));
        (await Server.QueryAsync<string>("select concat_ws(' ', actor, detail ->> 'requestedBy', detail ->> 'approvedBy') from audit where action = 'operation.replay'")).ShouldBe($"schedule:{taken.Command.Id:d} ada grace");
        var verification = (await Server.GetAsync("/api/v1/scheduled?kind=verify")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        verification.GetProperty("after").GetString().ShouldBe($"/api/v1/operations/{id}");
        (await TakenAsync()).ShouldBeEmpty("the operation has not ended");
        await Server.ExecuteAsync("update operations set state = 'completed'");
        (await TakenAsync()).Select(t => t.Command.Kind).ShouldBe(["verify"]);
        (await Server.QueryAsync<string>("select concat_ws(' ', expects, requested_by, scan) from replay_checks")).ShouldBe($"completed schedule:{taken.Command.Id:d}");
    }

    [Fact]
    public async Task Should_do_nothing_when_the_operation_moved_while_it_waited()
    {
        var id = await StalledAsync();
        using var posted = await PostAsync(id, Told);
        await Server.ExecuteAsync("update scheduled_commands set approved_by = 'grace', approval_reason = 'x', approved_at = now(), next_try_at = now(); update operation_steps set fence = fence + 1");

        var outcome = await Server.App.Services.GetRequiredService<ScheduledSubmitter<ReplayOperation>>().SubmitAsync((await TakenAsync()).Single(), default);

        outcome.ShouldBeOfType<Saga.Lifecycle.Intake.CommandRejected>().Rejection.Code.ShouldBe("operation-moved");
        (await OrdersAsync()).ShouldBe(0);
        (await Server.QueryAsync<long>("select count(*) from scheduled_commands where after_operation is not null")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_need_the_role_of_the_command()
    {
        var id = await StalledAsync();
        using var operators = Server.Client(Server.Issuer.Token(Roles.Operator));

        using var refused = await PostAsync(id, Told, client: operators);
        using var dry = await PostAsync(id, Told, "?dryRun=true", client: operators);

        await ProblemAsync(refused, 403, "forbidden");
        var shown = await ApiServer.JsonAsync(dry);
        (shown.GetProperty("refusal").GetProperty("type").GetString(), shown.TryGetProperty("plan", out _)).ShouldBe(("urn:saga:problem:forbidden", false));
        (await Server.QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_name_what_is_wrong_with_the_statements()
    {
        var id = await StalledAsync();

        (await PointersAsync(id, new { reason = "x", mode = "forceComplete", states = new Dictionary<string, object> { ["administrator.notify"] = 7 } })).ShouldBe(["/states/administrator.notify"]);
        (await PointersAsync(id, new { reason = "x", mode = "forceComplete", states = new Dictionary<string, object> { ["a/b~c"] = "done" } })).ShouldBe(["/states/administrator.notify", "/states/a~1b~0c"]);
        (await PointersAsync(id, new { reason = "x", mode = "forceComplete", states = new[] { "done" } })).ShouldBe(["/states"]);
        (await PointersAsync(id, new { reason = "x", states = new Dictionary<string, object> { ["administrator.notify"] = "done" } })).ShouldBe(["/states"]);
        using var batch = await Server.Admin.PostAsJsonAsync(new Uri("/api/v1/replays", UriKind.Relative), new { ids = new[] { id }, reason = "x", action = new { mode = "forceComplete" } });
        Pointers(await ProblemAsync(batch, 422, "validation")).ShouldBe("/action/mode");
    }

    private Task<long> OrdersAsync() => Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'");

    private Task<IReadOnlyList<TakenCommand>> TakenAsync() => Server.App.Services.GetRequiredService<ScheduleStore>().TakeDueAsync(10, TimeSpan.Zero, default);
}
