using Saga.Registry.Sweep;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryDowntime(InMemoryRegistry registry) : IDowntimeStore
{
    public Task<TimeSpan> BeatAsync(CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var now = registry.Now;
            var downtime = Downtime.Since(registry.Beat, now);
            registry.Beat = now;
            registry.Idle += downtime;
            if (downtime < TimeSpan.Zero)
                SetBack(downtime);
            return Task.FromResult(downtime);
        }
    }

    private void SetBack(TimeSpan by)
    {
        foreach (var operation in registry.Operations.Values)
            operation.Stored = operation.Stored with { DueAt = operation.Stored.DueAt + by };
        foreach (var row in registry.Steps.Where(s => !registry.Operations[s.Key.Operation].Ended).Select(s => s.Value))
        {
            row.Step = row.Step with { DueAt = row.Step.DueAt + by, DispatchedAt = row.Step.DispatchedAt + by };
            row.TakenAt += by;
            row.LostAt += by;
            row.ExpiresAt += by;
            row.AttemptEndsAt += by;
            row.WatchedUntil += by;
            row.ReportUntil += by;
            row.ProgressedAt += by;
        }

        foreach (var message in registry.Messages.Values.Where(m => m.ClaimedUntil > DateTimeOffset.MinValue))
            message.ClaimedUntil += by;
    }
}
