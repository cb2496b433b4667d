using Saga.Tests.Support;
using Saga.Tests.Support.Webhooks;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

public sealed class When_an_endpoint_is_called
{
    [Fact]
    public async Task Should_sign_a_body_that_says_all_the_step_was_granted()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Endpoint.Answer = _ => new(201) { Json = """{"crm":"c-7"}""" };

        (await steps.ExecuteAsync())!.Value.GetRawText().ShouldBe("""{"crm":"c-7"}""");

        var call = steps.Endpoint.Calls.ShouldHaveSingleItem();
        (call.Method, call.Path, call.ValidSignatures, call.Id).ShouldBe(("POST", "/register", 1, $"{steps.Operation:n}_acme_crm_register_execute"));
        call.At.ShouldBe(TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1));
        call.Type.ShouldBe("step.execute");
        call.Body.GetProperty("timestamp").GetDateTimeOffset().Year.ShouldBe(2027, "of the operation, not of the attempt");
        var data = call.Body.GetProperty("data");
        data.GetProperty("operation").GetProperty("id").GetGuid().ShouldBe(steps.Operation);
        data.GetProperty("operation").GetProperty("kind").GetString().ShouldBe("provision");
        (call.Step, call.Slug).ShouldBe((EndpointSteps.StepName, "acme"));
        data.GetProperty("input").GetRawText().ShouldBe("""{"slug":"acme"}""");
        data.GetProperty("outputs").GetRawText().ShouldBe("""{"organization.create":{"organizationId":"o1"}}""");
        data.TryGetProperty("output", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_undo_with_what_it_was_told_under_another_id()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Output = new { crm = "c-7" };

        await steps.CompensateAsync();
        await steps.CompensateAsync();

        var calls = steps.Endpoint.Calls;
        var call = ("/forget", "step.compensate", $"{steps.Operation:n}_acme_crm_register_compensate", 1);
        calls.Select(c => (c.Path, c.Type, c.Id, c.ValidSignatures)).ShouldBe([call, call]);
        calls[0].Body.GetProperty("data").GetProperty("output").GetRawText().ShouldBe("""{"crm":"c-7"}""");
        calls[0].Body.GetProperty("data").GetProperty("outputs").EnumerateObject().Select(o => o.Name).ShouldBe(["organization.create"]);
    }

    [Fact]
    public async Task Should_be_signed_with_the_old_secret_too_while_it_is_replaced()
    {
        var next = TestEndpoint.NewSecret();
        await using var steps = await EndpointSteps.StartAllowedAsync(("Saga:HttpSteps:Secrets:acme:1", next));

        await steps.ExecuteAsync();
        steps.Endpoint.Secrets[0] = next;
        await steps.ExecuteAsync();
        steps.Endpoint.Secrets.Clear();
        await steps.ExecuteAsync();

        steps.Endpoint.Calls.Select(c => c.ValidSignatures).ShouldBe([1, 1, 0]);
    }

    [Fact]
    public async Task Should_ask_where_it_was_told_to_until_it_is_done()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        var asked = 0;
        steps.Endpoint.Answer = call => (call.Path, Interlocked.Increment(ref asked)) switch
        {
            ("/register", _) => new(202) { Location = "/jobs/7?token=t", RetryAfter = "0" },
            (_, < 4) => new(202) { RetryAfter = "0", Json = """{"progress":{"done":5,"total":9,"unit":"contacts","words":"copying"}}""" },
            _ => new(200) { Json = """{"crm":"c-7"}""" },
        };

        (await steps.ExecuteAsync())!.Value.GetProperty("crm").GetString().ShouldBe("c-7");

        steps.Endpoint.Calls.Select(c => $"{c.Method} {c.Path} {c.ValidSignatures}").ShouldBe(["POST /register 1", "GET /jobs/7?token=t 1", "GET /jobs/7?token=t 1", "GET /jobs/7?token=t 1"]);
        steps.Endpoint.Calls.Select(c => c.Id).Distinct().Count().ShouldBe(1);
        var progress = steps.Progress.Read()!.Progress;
        (progress.Done, progress.Total, progress.Unit, progress.Words).ShouldBe((5, 9, "contacts", "copying"));
        steps.Progress.Checkpoint.ShouldBe($$"""{"location":"{{steps.Endpoint.UrlOf("/jobs/7?token=t")}}"}""");
    }

    [Fact]
    public async Task Should_go_on_asking_after_the_worker_died()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Checkpoint = $$"""{"location":"{{steps.Endpoint.UrlOf("/jobs/7")}}"}""";

        await steps.ExecuteAsync();

        steps.Endpoint.Calls.ShouldHaveSingleItem().ShouldSatisfyAllConditions(c => c.Method.ShouldBe("GET"), c => c.Path.ShouldBe("/jobs/7"), c => c.Text.ShouldBeEmpty());
    }

    [Theory]
    [InlineData("""{"a":1}""", "text/plain")]
    [InlineData("", "application/json")]
    public async Task Should_take_an_answer_without_json_for_no_output(string body, string type)
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Endpoint.Answer = _ => new(200) { Json = body, ContentType = type };

        (await steps.ExecuteAsync()).ShouldBeNull();
    }
}
