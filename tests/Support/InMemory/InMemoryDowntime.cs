using Saga.Registry.Sweep;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryDowntime(InMemoryRegistry registry) : IDowntimeStore
{
    private static readonly TimeSpan Backlog = TimeSpan.FromMinutes(1);

    public Task<TimeSpan> BeatAsync(CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            var now = registry.Now;
            var downtime = Downtime.Since(registry.Beat, now);
            registry.Beat = now;
            registry.Idle += downtime;
            if (downtime < TimeSpan.Zero)
                SetBack(downtime, now);
            return Task.FromResult(downtime);
        }
    }

    // What lies in the future although it happened was written before the jump.
    private void SetBack(TimeSpan by, DateTimeOffset now)
    {
        foreach (var operation in registry.Operations.Values)
            operation.Stored = operation.Stored with { DueAt = operation.Stored.DueAt + by };
        foreach (var row in registry.Steps.Where(s => !registry.Operations[s.Key.Operation].Ended).Select(s => s.Value))
        {
            var step = row.Step;
            row.Step = step with
            {
                DueAt = (step.FinishedAt ?? step.DispatchedAt ?? step.StartedAt ?? now) >= now ? step.DueAt + by : step.DueAt,
                FinishedAt = Moved(step.FinishedAt), DispatchedAt = Moved(step.DispatchedAt),
            };
            if ((row.ProgressedAt ?? row.TakenAt) > now)
                row.AttemptEndsAt += by;
            row.TakenAt = Moved(row.TakenAt);
            row.ProgressedAt = Moved(row.ProgressedAt);
            var span = row.LostAt - row.ExpiresAt;
            row.ExpiresAt = Earlier(row.ExpiresAt, now + span);
            row.LostAt = Earlier(row.LostAt, now + (2 * span));
            row.ReportUntil = Earlier(row.ReportUntil, now + (2 * span > Backlog ? 2 * span : Backlog));
            row.WatchedUntil += by;
        }

        foreach (var message in registry.Messages.Values.Where(m => m.ClaimedUntil > DateTimeOffset.MinValue))
            message.ClaimedUntil += by;

        DateTimeOffset? Moved(DateTimeOffset? time) => time > now ? time + by : time;
        static DateTimeOffset? Earlier(DateTimeOffset? time, DateTimeOffset? limit) => limit < time ? limit : time;
    }
}
