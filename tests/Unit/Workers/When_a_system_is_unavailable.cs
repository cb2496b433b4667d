using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Tests.Support;
using Saga.Workers.Runtime.Circuits;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

/// <summary>A system's circuit breaker, with a clock that the test moves. Three outages open it for ten seconds.</summary>
public sealed class When_a_system_is_unavailable
{
    private readonly TestClock time = new();
    private readonly CircuitBreakers circuits;
    private int reached;

    public When_a_system_is_unavailable() =>
        circuits = new(Options.Create(new WorkersOptions { CircuitFailures = 3, CircuitSeconds = 10 }), time, NullLogger<CircuitBreakers>.Instance);

    private static StepFailureException Outage => StepFailureException.Outage("keycloak-unavailable", "Away.", "keycloak");

    [Fact]
    public async Task Should_defer_only_steps_that_need_it()
    {
        await OpenAsync();

        var open = await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("keycloak"));
        (open.System, open.RetryAfter).ShouldBe(("keycloak", TimeSpan.FromSeconds(10)));
        await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("s3", "keycloak"));
        reached.ShouldBe(3, "nothing called it meanwhile");
        await RunAsync("s3");
        await RunAsync();
        circuits.Open.ShouldBe(["keycloak"]);
    }

    [Fact]
    public async Task Should_let_one_at_a_time_try_when_the_time_is_over()
    {
        await OpenAsync();
        time.Advance(TimeSpan.FromSeconds(11));
        var answer = new TaskCompletionSource<object?>();

        var trial = circuits.RunAsync(["keycloak"], _ => answer.Task, default);
        await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("keycloak"));
        circuits.Open.ShouldBe(["keycloak"]);
        answer.SetResult(null);
        await trial;

        circuits.Open.ShouldBeEmpty();
        await RunAsync("keycloak");
        reached.ShouldBe(4);
    }

    [Fact]
    public async Task Should_wait_again_when_the_trial_fails()
    {
        await OpenAsync();
        time.Advance(TimeSpan.FromSeconds(11));

        await Should.ThrowAsync<StepFailureException>(() => FailAsync(Outage));

        time.Advance(TimeSpan.FromSeconds(9));
        await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("keycloak"));
        time.Advance(TimeSpan.FromSeconds(2));
        await RunAsync("keycloak");
    }

    public static TheoryData<Exception> OtherFailures { get; } = new((Exception[])[
        StepFailureException.Permanent("keycloak-unavailable", "It refused.", system: "keycloak"),
        StepFailureException.Overload("keycloak-busy", "It asked for less.", "keycloak"),
        StepFailureException.Transient("keycloak-conflict", "It answered.", system: "keycloak"),
        StepFailureException.Outage("s3-unavailable", "Another is away.", "s3"),
        new InvalidOperationException("A fault of ours."),
    ]);

    [Theory, MemberData(nameof(OtherFailures), DisableDiscoveryEnumeration = true)]
    public async Task Should_not_treat_other_failures_as_an_outage(Exception failure)
    {
        for (var times = 0; times < 10; times++)
            await Should.ThrowAsync(() => FailAsync(failure), failure.GetType());

        await RunAsync("keycloak");
    }

    [Fact]
    public async Task Should_open_for_an_outage_that_begins_right_after_successes()
    {
        for (var times = 0; times < 1000; times++)
            await RunAsync("keycloak");
        reached = 0;

        await OpenAsync();

        (await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("keycloak"))).Message.ShouldContain("3 calls in a row failed");
        reached.ShouldBe(3);
    }

    [Fact]
    public async Task Should_open_in_a_brownout_although_some_calls_succeed()
    {
        for (var times = 0; times < 100; times++)
            await RunAsync("keycloak");

        var rounds = 0;
        while (circuits.Open.Count == 0 && ++rounds < 20)
        {
            await RunAsync("keycloak");
            for (var times = 0; times < 2 && circuits.Open.Count == 0; times++)
                await Should.ThrowAsync<StepFailureException>(() => FailAsync(Outage));
        }

        (await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("keycloak"))).Message.ShouldContain("of the last 12 calls failed");
    }

    [Fact]
    public async Task Should_not_open_for_occasional_failures()
    {
        for (var times = 0; times < 50; times++)
        {
            await Should.ThrowAsync<StepFailureException>(() => FailAsync(Outage));
            for (var successes = 0; successes < 3; successes++)
                await RunAsync("keycloak");
        }

        circuits.Open.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_forget_failures_that_are_older_than_the_window()
    {
        for (var times = 0; times < 10; times++)
        {
            await Should.ThrowAsync<StepFailureException>(() => FailAsync(Outage));
            await RunAsync("keycloak");
            time.Advance(TimeSpan.FromSeconds(31));
        }

        circuits.Open.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_open_for_attempts_that_hang_until_their_end()
    {
        for (var times = 0; times < 3; times++)
            await Should.ThrowAsync<AttemptTimeoutException>(() => FailAsync(new AttemptTimeoutException("identity", 1, ["keycloak"], new OperationCanceledException())));

        circuits.Open.ShouldBe(["keycloak"]);
    }

    [Fact]
    public async Task Should_open_for_internal_errors_in_a_row()
    {
        for (var times = 0; times < 3; times++)
            await Should.ThrowAsync<StepFailureException>(() => FailAsync(StepFailureException.Transient("keycloak-server-error", "500", system: "keycloak")));

        circuits.Open.ShouldBe(["keycloak"]);
    }

    [Fact]
    public async Task Should_keep_trying_when_a_trial_ends_without_a_word_of_the_system()
    {
        await OpenAsync();
        time.Advance(TimeSpan.FromSeconds(11));

        await Should.ThrowAsync<OperationCanceledException>(() => FailAsync(new OperationCanceledException()));

        circuits.Open.ShouldBe(["keycloak"]);
        await RunAsync("keycloak");
        circuits.Open.ShouldBeEmpty();
    }

    private async Task OpenAsync()
    {
        for (var times = 0; times < 3; times++)
            await Should.ThrowAsync<StepFailureException>(() => FailAsync(Outage));
    }

    private Task FailAsync(Exception error) => RunAsync(["keycloak"], () => throw error);

    private Task RunAsync(params string[] systems) => RunAsync(systems, () => { });

    private Task RunAsync(string[] systems, Action work) => circuits.RunAsync(
        systems,
        _ =>
        {
            if (systems.Contains("keycloak"))
                reached++;
            work();
            return Task.FromResult<object?>(null);
        },
        default);
}
