using System.Text.Json;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.Webhooks;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.CustomSteps;

/// <summary>A step in .NET in a process of its own, and steps at an https endpoint, in the provisioning of tenants on real servers.</summary>
[Collection(Alone.Name)]
[InTurn(0, of: 3)]
public sealed class When_teams_add_their_own_steps(TeamsSite teams) : IClassFixture<TeamsSite>
{
    private const string Busy = "{\"progress\":{\"done\":1,\"total\":2,\"unit\":\"contacts\"}}";

    [Fact]
    public async Task Should_run_them_where_they_belong_and_hand_on_what_they_return()
    {
        await teams.PutAsync();
        var asked = 0;
        teams.Endpoint.Answer = call => call switch
        {
            { Method: "GET" } => Interlocked.Increment(ref asked) < 3 ? new(202) { RetryAfter = "0", Json = Busy } : new(200) { Json = """{"crm":"c-7"}""" },
            { Path: "/register" } => new(202) { Location = "/jobs/7", RetryAfter = "0" },
            _ => new(204),
        };

        var operation = await teams.ProvisionAsync("with-steps");

        (await teams.Site.EndAsync(operation, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Completed, await teams.Site.StoryAsync(operation));
        teams.Accounts().ShouldContain("with-steps");
        var steps = (await teams.ShowAsync(operation)).GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);
        steps.Values.ShouldAllBe(s => s.GetProperty("status").GetString() == "succeeded");
        steps[TeamsSite.Account].GetProperty("output").GetRawText().ShouldBe("""{"account":"acme-with-steps"}""");
        steps[TeamsSite.Register].GetProperty("output").GetRawText().ShouldBe("""{"crm":"c-7"}""");
        var calls = teams.CallsFor("with-steps");
        calls.Select(c => (c.Path, c.ValidSignatures)).ShouldBe([("/register", 1), ("/announce", 1)]);
        var data = calls[0].Body.GetProperty("data");
        data.GetProperty("outputs").GetProperty(TeamsSite.Account).GetProperty("account").GetString().ShouldBe("acme-with-steps");
        data.GetProperty("outputs").GetProperty("organization.create").GetProperty("alias").GetString().ShouldBe("with-steps");
        data.GetProperty("input").GetProperty("adminEmail").GetString().ShouldBe("ada@with-steps.example");
        asked.ShouldBe(3);
    }

    [Fact]
    public async Task Should_undo_them_with_the_tenant_when_an_endpoint_refuses()
    {
        await teams.PutAsync();
        teams.Endpoint.Answer = call => call.Path == "/register" ? new(422) { Json = """{"title":"Not wanted"}""", ContentType = "application/problem+json" } : new(204);

        var operation = await teams.ProvisionAsync("refused");

        (await teams.Site.EndAsync(operation, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Compensated, await teams.Site.StoryAsync(operation));
        teams.Accounts().ShouldNotContain("refused");
        teams.CallsFor("refused").Select(c => (c.Path, c.Type, c.ValidSignatures)).ShouldBe([("/register", "step.execute", 1), ("/forget", "step.compensate", 1)]);
        var failure = (await teams.ShowAsync(operation)).GetProperty("failure");
        failure.GetProperty("code").GetString().ShouldBe("http-refused");
        failure.GetProperty("message").GetString()!.ShouldEndWith("was answered with 422 (Not wanted).");
        await ExternalState.CompareAsync(teams.Site);
    }

    [Fact]
    public async Task Should_leave_nothing_of_the_tenant_when_the_first_of_all_steps_is_refused()
    {
        await teams.PutFirstAsync();
        teams.Endpoint.Answer = call => call.Path == "/register" ? new(422) : new(204);

        var refused = await teams.ProvisionAsync("refused-first");
        (await teams.Site.EndAsync(refused, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Compensated, await teams.Site.StoryAsync(refused));

        // Its names are free, so the next one gets them.
        teams.CallsFor("refused-first").Select(c => c.Path).ShouldBe(["/register", "/forget"]);
        teams.Endpoint.Answer = _ => new(204);
        var again = await teams.ProvisionAsync("refused-first");
        (await teams.Site.EndAsync(again, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Completed, await teams.Site.StoryAsync(again));
        await ExternalState.CompareAsync(teams.Site);
    }

    [Fact]
    public async Task Should_finish_with_the_steps_that_an_operation_began_with()
    {
        await teams.PutAsync();
        var (calling, goes) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        teams.Endpoint.Answer = call =>
        {
            if (call.Path != "/register")
                return new(204);
            calling.TrySetResult();
            return new(204) { When = goes.Task };
        };
        var began = await teams.ProvisionAsync("began-before");
        await calling.Task.WaitAsync(WaitLimit.Seconds(60));

        await teams.PutAsync(none: true);
        var without = await teams.ProvisionAsync("without-steps");
        (await teams.Site.EndAsync(without, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Completed, await teams.Site.StoryAsync(without));
        goes.SetResult();

        (await teams.Site.EndAsync(began, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Completed, await teams.Site.StoryAsync(began));
        teams.CallsFor("began-before").Select(c => c.Path).ShouldBe(["/register", "/announce"]);
        teams.CallsFor("without-steps").ShouldBeEmpty();
        teams.Accounts().ShouldContain("began-before");
        teams.Accounts().ShouldNotContain("without-steps");
    }

    // Its lease and its queue outlive it, so another one goes on.
    [Fact]
    public async Task Should_undo_them_when_the_teams_worker_comes_back()
    {
        await teams.PutAsync();
        teams.Endpoint.Answer = call =>
        {
            if (call.Path == "/register")
            {
                teams.KillWorker();
                return new(410);
            }

            return new(204);
        };
        var operation = await teams.ProvisionAsync("left-alone");
        await Until.TrueAsync(() => Task.FromResult(teams.CallsFor("left-alone").Any(c => c.Path == "/forget")), "the endpoint is told", TimeSpan.FromSeconds(60));
        teams.Accounts().ShouldContain("left-alone");

        teams.StartWorker();

        (await teams.Site.EndAsync(operation, TimeSpan.FromSeconds(120))).ShouldBe(OperationState.Compensated, await teams.Site.StoryAsync(operation));
        teams.Accounts().ShouldNotContain("left-alone");
        await ExternalState.CompareAsync(teams.Site);
    }
}
