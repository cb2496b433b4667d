using System.Text.Json;
using Microsoft.Extensions.Options;
using Saga.Api.Failures;
using Saga.Api.Operations;
using Saga.Contracts;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Registry.Operations;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Api;

public sealed class When_attempts_are_shown
{
    private static readonly DateTimeOffset Start = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly Failure Full = new() { Code = "server-full", Message = "eu-1 is full.", Kind = FailureKind.Permanent };
    private long id;

    [Fact]
    public void Should_have_durations_waits_and_errors()
    {
        var attempts = Attempts(
            Line(0, "stepDispatched", 1), Line(2, "stepFailed", 1, new { failure = Full, final = false, retryAt = Start.AddSeconds(5) }),
            Line(5, "stepDispatched", 2), Line(9, "stepTimedOut", 2, new { failure = Full, final = false, retryAt = Start.AddSeconds(12) }),
            Line(12, "stepDispatched", 3), Line(13, "stepSucceeded", 3));

        attempts.Select(Shown).ShouldBe(["1 forward failed 2000 waited  retry 5", "2 forward timedOut 4000 waited 3000 retry 12", "3 forward succeeded 1000 waited 3000 retry "]);
        attempts[0].Failure!.Code.ShouldBe("server-full");
        attempts[0].Failure!.Help.ShouldBe("/docs/failures/server-full");
        attempts[2].Failure.ShouldBeNull();
    }

    [Fact]
    public void Should_show_one_that_runs()
    {
        var running = Attempts(Line(0, "stepDispatched", 1)).ShouldHaveSingleItem();

        (running.Result, running.EndedAt, running.DurationMs).ShouldBe((null, null, null));
    }

    [Fact]
    public void Should_say_how_often_one_was_deferred_and_why()
    {
        // Each repetition writes the same two lines anew.
        var dispatched = Line(0, "stepDispatched", 1, new { times = 7, lastAt = Start.AddSeconds(60) });
        var deferred = Line(1, "stepDeferred", 1, new { system = "keycloak", reason = "It is down.", times = 7, since = Start.AddSeconds(1), lastAt = Start.AddSeconds(61), until = Start.AddSeconds(70) });

        var waiting = Attempts(dispatched, deferred).ShouldHaveSingleItem();
        var ended = Attempts(dispatched, deferred, Line(63, "stepSucceeded", 1)).ShouldHaveSingleItem();

        (waiting.Result, waiting.Deferred!.System, waiting.Deferred.Reason, waiting.Deferred.Times).ShouldBe(("deferred", "keycloak", "It is down.", 7));
        Shown(ended).ShouldBe("1 forward succeeded 3000 waited 60000 retry ");
        Attempts(Line(0, "stepDispatched", 1, new { times = 8, lastAt = Start.AddSeconds(70) }), deferred).ShouldHaveSingleItem().Result.ShouldBeNull("it is at work again");
    }

    [Fact]
    public void Should_tell_both_directions_apart()
    {
        var attempts = Attempts(
            Line(0, "stepDispatched", 1), Line(3, "compensationDispatched", 1), Line(4, "compensationFailed", 1, new { failure = Full, retryAt = Start.AddSeconds(9) }),
            Line(9, "compensationDispatched", 2), Line(10, "compensationAgain", 2, new { at = Start.AddSeconds(40) }), Line(40, "compensationDispatched", 1), Line(41, "stepCompensated", 1));

        attempts.Select(Shown).ShouldBe(
        [
            "1 forward abandoned 3000 waited  retry ", "1 back failed 1000 waited  retry 9", "2 back succeeded 1000 waited 5000 retry 40", "1 back succeeded 1000 waited 30000 retry ",
        ]);
    }

    [Fact]
    public void Should_be_none_for_steps_that_wait_or_lost_their_lines() =>
        Attempts(Line(0, "stepAwaiting", null), Line(1, "waitAnswered", null, new { answer = "approved", by = "ada" }), Line(2, "stepSucceeded", null)).ShouldBeEmpty();

    private static IReadOnlyList<AttemptView> Attempts(params HistoryLine[] lines) => AttemptView.Of(lines, new FailureHelp(Options.Create(new FailureHelpOptions())))["one"];

    private static string Shown(AttemptView attempt) =>
        $"{attempt.Number} {attempt.Direction} {attempt.Result} {attempt.DurationMs} waited {attempt.WaitedMs} retry {(attempt.RetryAt - Start)?.TotalSeconds}";

    private HistoryLine Line(int seconds, string name, int? attempt, object? data = null) => new()
    {
        Id = ++id, At = Start.AddSeconds(seconds), Event = name, Step = "one", Attempt = attempt, Data = data is null ? null : JsonSerializer.SerializeToElement(data, Json.Options),
    };
}
