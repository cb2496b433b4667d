using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

/// <summary>A hanging attempt reports which external system it waits for, shortly before the orchestrator gives up on it.</summary>
public sealed class When_an_attempts_time_is_over
{
    private static readonly ExecuteStep Command = new()
    {
        OperationId = Guid.CreateVersion7(), TenantId = new TenantId(Guid.CreateVersion7()), Step = "verify", Fence = 1, Attempt = 2, Deadline = DateTimeOffset.MaxValue,
    };

    private readonly TestClock time = new();

    [Fact]
    public async Task Should_name_the_systems_that_it_was_waiting_for()
    {
        var error = await HangAsync(["keycloak", "s3", "redis"], async token =>
        {
            // This call has its answer.
            ExternalCalls.Begin("redis")?.Dispose();
            await Task.WhenAll(CallAsync("keycloak", token), CallAsync("s3", token));
        });

        error.Systems.Order().ShouldBe(["keycloak", "s3"]);
        error.Message.ShouldStartWith("Attempt 2 of step 'verify' was still waiting for ");
    }

    [Fact]
    public async Task Should_blame_the_only_system_of_a_step_that_notes_no_calls() =>
        (await HangAsync(["postgresql:main"], token => Task.Delay(Timeout.Infinite, token))).Systems.ShouldBe(["postgresql:main"]);

    [Fact]
    public async Task Should_blame_none_of_several_when_no_call_was_under_way() =>
        (await HangAsync(["keycloak", "s3"], token => Task.Delay(Timeout.Infinite, token))).Systems.ShouldBeEmpty();

    [Fact]
    public async Task Should_leave_another_cancellation_as_it_is()
    {
        using var stop = new CancellationTokenSource();
        using var end = new AttemptEnd(TimeSpan.FromSeconds(60), stop, time);
        var running = end.RunAsync(Command, ["keycloak"], async () =>
        {
            await Task.Delay(Timeout.Infinite, stop.Token);
            return null;
        });

        await stop.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => running);
    }

    private async Task<AttemptTimeoutException> HangAsync(string[] systems, Func<CancellationToken, Task> work)
    {
        using var stop = new CancellationTokenSource();
        using var end = new AttemptEnd(TimeSpan.FromSeconds(60), stop, time);
        var running = end.RunAsync(Command, systems, async () =>
        {
            await work(stop.Token);
            return null;
        });
        time.Advance(TimeSpan.FromSeconds(58));
        running.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));
        return await Should.ThrowAsync<AttemptTimeoutException>(() => running);
    }

    private static async Task CallAsync(string system, CancellationToken cancellationToken)
    {
        using (ExternalCalls.Begin(system))
            await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
