using Saga.Contracts.Failures;
using Saga.Tests.Support;
using Saga.Tests.Support.Webhooks;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

public sealed class When_an_endpoint_fails
{
    [Theory]
    [InlineData(400, null, FailureKind.Permanent, "http-refused")]
    [InlineData(408, null, FailureKind.Transient, "http-failed")]
    [InlineData(425, null, FailureKind.Transient, "http-failed")]
    [InlineData(500, null, FailureKind.Transient, "http-failed")]
    [InlineData(503, null, FailureKind.Transient, "http-failed")]
    [InlineData(503, "7", FailureKind.Overload, "http-busy")]
    [InlineData(429, "7", FailureKind.Overload, "http-busy")]
    [InlineData(429, null, FailureKind.Overload, "http-busy")]
    public async Task Should_fail_by_the_status_in_both_directions(int status, string? retryAfter, FailureKind kind, string code)
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Endpoint.Answer = _ => new(status) { RetryAfter = retryAfter };

        foreach (var (work, path) in new (Func<Task>, string)[] { (steps.ExecuteAsync, "/register"), (steps.CompensateAsync, "/forget") })
        {
            var error = await Should.ThrowAsync<StepFailureException>(work);
            (error.Failure.Kind, error.Failure.Code, error.Failure.System).ShouldBe((kind, code, "http:localhost"));
            error.Failure.Message.ShouldBe($"POST {steps.Endpoint.UrlOf(path)} was answered with {status}.");
            error.RetryAfter.ShouldBe(retryAfter is null ? null : TimeSpan.FromSeconds(7));
            error.Failure.Remedy.ShouldNotBeNullOrEmpty();
        }

        steps.Endpoint.Calls.Count.ShouldBe(2, "the engine repeats, not the call");
    }

    [Fact]
    public async Task Should_say_why_when_the_endpoint_says_so()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Endpoint.Answer = _ => new(422) { Json = """{"title":"Taken","detail":"The name\n is in use."}""", ContentType = "application/problem+json" };

        (await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync)).Failure.Message.ShouldEndWith("was answered with 422 (Taken: The name  is in use).");
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Should_follow_no_redirect(int status)
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        await using var other = await TestEndpoint.StartAsync();
        steps.Endpoint.Answer = _ => new(status) { Location = other.UrlOf("/") };

        var error = await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

        (error.Failure.Kind, error.Failure.Code).ShouldBe((FailureKind.Permanent, "http-refused"));
        error.Failure.Remedy!.ShouldContain("Redirects are not followed");
        other.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_ask_elsewhere_how_far_it_is()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        await using var other = await TestEndpoint.StartAsync();
        foreach (var location in (string[])[other.UrlOf("/"), steps.Endpoint.UrlOf("/").Replace("https", "http", StringComparison.Ordinal), steps.Endpoint.UrlOf("/").Replace("//", "//user@", StringComparison.Ordinal), "//elsewhere.example/"])
        {
            steps.Endpoint.Answer = _ => new(202) { Location = location };

            (await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync)).Failure.ShouldSatisfyAllConditions(f => f.Code.ShouldBe("http-location-refused", location), f => f.Kind.ShouldBe(FailureKind.Permanent));
        }

        steps.Endpoint.Answer = _ => new(202);
        (await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync)).Failure.Code.ShouldBe("http-location-missing");
        other.Calls.ShouldBeEmpty();
    }

    // It may not know the old one any more.
    [Fact]
    public async Task Should_begin_with_a_new_call_after_the_endpoint_refused_while_it_was_asked()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Checkpoint = $$"""{"location":"{{steps.Endpoint.UrlOf("/jobs/7")}}"}""";
        steps.Endpoint.Answer = _ => new(404);
        await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

        steps.Checkpoint = steps.Progress.Checkpoint;
        steps.Endpoint.Answer = null;
        await steps.ExecuteAsync();

        steps.Endpoint.Calls.Select(c => c.Method).ShouldBe(["GET", "POST"]);
    }

    [Fact]
    public async Task Should_count_silence_as_an_attempt_whose_outcome_nobody_knows()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync(("Saga:HttpSteps:RequestSeconds", "1"));
        foreach (var silence in (EndpointReply[])[new(200) { Aborts = true }, new(200) { When = new TaskCompletionSource().Task }])
        {
            steps.Endpoint.Answer = _ => silence;

            var error = await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

            (error.Failure.Kind, error.Failure.Code, error.OutcomeUnknown).ShouldBe((FailureKind.Transient, "http-silent", true), silence.ToString());
        }
    }

    [Fact]
    public async Task Should_know_that_nothing_happened_where_nobody_listens()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        await steps.Endpoint.StopAsync();

        var error = await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

        (error.Failure.Kind, error.Failure.Code, error.OutcomeUnknown).ShouldBe((FailureKind.Transient, "http-silent", false));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{")]
    [InlineData("{\"text\":\"70000\"}")]
    public async Task Should_refuse_an_answer_that_it_cannot_read(string body)
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.Endpoint.Answer = _ => new(200) { Json = body.Replace("70000", new string('x', 70_000), StringComparison.Ordinal) };

        (await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync)).Failure.Code.ShouldBe("http-answer-unreadable");
    }

    [Fact]
    public async Task Should_wait_for_a_worker_that_has_the_secret()
    {
        await using var steps = await EndpointSteps.StartAllowedAsync();
        steps.UseSecret("other");

        var error = await Should.ThrowAsync<StepFailureException>(steps.ExecuteAsync);

        (error.Failure.Kind, error.Failure.Code).ShouldBe((FailureKind.Outage, "http-secret-missing"));
        error.Failure.Remedy!.ShouldContain("Saga:HttpSteps:Secrets:other");
        steps.Endpoint.Calls.ShouldBeEmpty();
    }
}
