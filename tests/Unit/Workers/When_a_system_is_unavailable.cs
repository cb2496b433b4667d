using Microsoft.Extensions.Options;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

/// <summary>The circuit of a system, by a clock that the test moves: three outages open it for ten seconds.</summary>
public sealed class When_a_system_is_unavailable
{
    private readonly SteppedTime time = new();
    private readonly CircuitBreakers circuits;
    private int reached;

    public When_a_system_is_unavailable() =>
        circuits = new(Options.Create(new WorkersOptions { CircuitFailures = 3, CircuitSeconds = 10 }), time);

    private static StepFailureException Outage => StepFailureException.Transient("keycloak-unavailable", "Away.", system: "keycloak");

    [Fact]
    public async Task Should_hold_back_what_needs_it_and_nothing_else()
    {
        await OpenAsync();

        var open = await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("keycloak"));
        (open.System, open.RetryAfter).ShouldBe(("keycloak", TimeSpan.FromSeconds(10)));
        await Should.ThrowAsync<CircuitOpenException>(() => RunAsync("s3", "keycloak"));
        reached.ShouldBe(3, "nobody asked it meanwhile");
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
    public async Task Should_wait_anew_when_the_trial_fails()
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
        StepFailureException.Permanent("keycloak-unavailable", "It said no for good.", system: "keycloak"),
        StepFailureException.Transient("keycloak-conflict", "It answered.", system: "keycloak"),
        StepFailureException.Transient("s3-unavailable", "Another is away.", system: "s3"),
        new InvalidOperationException("A fault of ours."),
    ]);

    [Theory, MemberData(nameof(OtherFailures), DisableDiscoveryEnumeration = true)]
    public async Task Should_not_take_another_failure_for_an_outage(Exception failure)
    {
        for (var times = 0; times < 10; times++)
            await Should.ThrowAsync(() => FailAsync(failure), failure.GetType());

        await RunAsync("keycloak");
    }

    [Fact]
    public async Task Should_not_count_outages_between_successes()
    {
        for (var times = 0; times < 5; times++)
        {
            await Should.ThrowAsync<StepFailureException>(() => FailAsync(Outage));
            await RunAsync("keycloak");
        }
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
