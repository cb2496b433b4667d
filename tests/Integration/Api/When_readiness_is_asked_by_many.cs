using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>The endpoint is anonymous, so callers must not be able to make the process run its checks as often as they like.</summary>
[IsolationSuite]
public sealed class When_readiness_is_asked_by_many
{
    [Fact]
    public async Task Should_run_the_checks_once_a_second()
    {
        var check = new Counted();
        await using var server = await ApiServer.StartAsync(configure: b => b.Services.AddHealthChecks().AddCheck("counted", check));
        using var nobody = server.Client(null);

        var asking = Enumerable.Range(0, 200).Select(_ => nobody.GetAsync(new Uri("/health/ready", UriKind.Relative))).ToList();
        await check.Began.WaitAsync(WaitLimit.Seconds(30));
        check.Gate.SetResult();
        foreach (var answer in await Task.WhenAll(asking))
        {
            using (answer)
                ((int)answer.StatusCode).ShouldBe(200);
        }

        // The test's clock moves in real time, so a slow machine may see further seconds, but never a run for each caller.
        check.Runs.ShouldBeLessThan(50);
        var runs = check.Runs;
        server.Clock.Advance(TimeSpan.FromSeconds(2));
        (await nobody.GetAsync(new Uri("/health/ready", UriKind.Relative))).Dispose();
        check.Runs.ShouldBe(runs + 1);
    }

    private sealed class Counted : IHealthCheck
    {
        private readonly TaskCompletionSource began = new();
        private int runs;

        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Began => began.Task;

        public int Runs => Volatile.Read(ref runs);

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref runs);
            began.TrySetResult();
            await Gate.Task;
            return HealthCheckResult.Healthy();
        }
    }
}
