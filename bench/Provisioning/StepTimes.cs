using System.Collections.Concurrent;
using System.Diagnostics;
using Saga.Bench.Figures;
using Saga.Contracts.Steps;
using Saga.Workers.Runtime;

namespace Saga.Bench.Provisioning;

/// <summary>Records the end of every step through the product's own telemetry.</summary>
internal sealed class StepTimes : IDisposable
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<long>> active = new();
    private readonly ConcurrentDictionary<string, Series> durations = new(StringComparer.Ordinal);
    private readonly ActivityListener listener;

    public StepTimes()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == WorkersTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Stopped,
        };
        ActivitySource.AddActivityListener(listener);
    }

    /// <summary>The timestamp at which the operation's tenant became active.</summary>
    public Task<long> ActiveAsync(Guid operation) => Of(operation).Task;

    public double MedianMilliseconds(string step) => durations.TryGetValue(step, out var series) ? series.Median : 0;

    public void Forget() => durations.Clear();

    public void Dispose() => listener.Dispose();

    private void Stopped(Activity activity)
    {
        if (activity.OperationName != WorkersTelemetry.Step || activity.GetTagItem("saga.step") is not string step)
            return;
        var series = durations.GetOrAdd(step, s => new Series(s));
        lock (series)
            series.Values.Add(activity.Duration.TotalMilliseconds);
        if (activity.Status == ActivityStatusCode.Error)
            Of((Guid)activity.GetTagItem("saga.operation")!).TrySetException(new InvalidOperationException($"Step {step} failed: {activity.StatusDescription}"));
        else if (step == StepNames.Activate)
            Of((Guid)activity.GetTagItem("saga.operation")!).TrySetResult(Stopwatch.GetTimestamp());
    }

    private TaskCompletionSource<long> Of(Guid operation) =>
        active.GetOrAdd(operation, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously));
}
