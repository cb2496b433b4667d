using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime.Progress;

namespace Saga.Workers.Runtime.Leases;

/// <summary>A lease that this process holds and renews until it is disposed.</summary>
/// <param name="lease">The lease.</param>
/// <param name="left">How long the lease is valid without renewal.</param>
/// <param name="attempt">How long the attempt may take.</param>
/// <param name="progress">What the attempt reports about its progress.</param>
/// <param name="manager">Renews the lease.</param>
/// <param name="time">The clock.</param>
internal sealed class HeldLease(StepLease lease, TimeSpan left, TimeSpan attempt, ProgressSlot progress, LeaseManager manager, TimeProvider time) : IDisposable
{
    // A separate timer ends it, so that a registry that hangs during a renewal does not keep the work going.
    private readonly CancellationTokenSource lost = new(Positive(left), time);

    // A step that takes longer is renewed once early, so that from then on the sweeper notices if its worker is lost.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    private readonly long since = time.GetTimestamp();
    // Most reports are sent within milliseconds, and need no renewal of their own.
    private static readonly TimeSpan Prompt = TimeSpan.FromMilliseconds(200);

    // A report that the broker never accepts must not keep its step indefinitely.
    private static readonly TimeSpan LongestReport = TimeSpan.FromHours(6);

    private bool renewed;
    private bool told;
    private long? reportingSince;
    private long until = Until(left, time);

    public StepLease Lease { get; } = lease;

    /// <summary>What the attempt reports about its progress, carried by renewals.</summary>
    public ProgressSlot Progress { get; } = progress;

    /// <summary>The time until the attempt is over, if it reports no progress.</summary>
    public TimeSpan AttemptLeft => attempt - time.GetElapsedTime(since);

    /// <summary>
    /// Whether the lease is valid at this moment, by the monotonic clock. <see cref="Lost"/> reports the same with a timer, which may be
    /// late, because a frozen process resumes its work before its timers run.
    /// </summary>
    public bool Stands => !lost.IsCancellationRequested && time.GetTimestamp() < Volatile.Read(ref until);

    /// <summary>Whether the lease was never renewed although it is no longer new.</summary>
    public bool IsUnwatched => !renewed && time.GetElapsedTime(since) >= Short;

    /// <summary>When the lease ends without renewal, as a timestamp of the clock.</summary>
    public long EndsAt => Volatile.Read(ref until);

    /// <summary>Whether another transaction had the step's row locked at the last renewal.</summary>
    public bool IsAside { get; private set; }

    /// <summary>Whether the work is done and the report waits for the broker.</summary>
    public bool IsReporting => reportingSince is { } began && time.GetElapsedTime(began) is var waited && waited >= Prompt && waited < LongestReport;

    /// <summary>Whether the registry has not been told yet that the report waits.</summary>
    public bool IsUntold => IsReporting && !told;

    /// <summary>Whether the broker has the report. A lease that ends without a report is given back.</summary>
    public bool Reported { get; set; }

    /// <summary>Cancelled when another worker has the lease, or may have it.</summary>
    public CancellationToken Lost => lost.Token;

    /// <summary>The work is done, and its report is about to be sent.</summary>
    public void BeginReport() => reportingSince = time.GetTimestamp();

    /// <param name="left">How long the lease is valid now.</param>
    /// <param name="reporting">Whether the registry knows now that the report waits for the broker.</param>
    public void Renewed(TimeSpan left, bool reporting)
    {
        renewed = true;
        told |= reporting;
        IsAside = false;
        Volatile.Write(ref until, Until(left, time));
        try
        {
            lost.CancelAfter(Positive(left));
        }
        catch (ObjectDisposedException)
        {
            // The work ended at the same moment.
        }
    }

    /// <summary>The lease could not be renewed because the step's row was locked. It keeps the rest of its time.</summary>
    /// <returns>Whether this is the first time since it was last renewed.</returns>
    public bool PutAside()
    {
        var first = !IsAside;
        IsAside = true;
        return first;
    }

    public void Lose()
    {
        try
        {
            lost.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work ended at the same moment.
        }
    }

    public void Dispose()
    {
        manager.Release(Lease, Reported);
        lost.Dispose();
    }

    private static long Until(TimeSpan left, TimeProvider time) => time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency);

    private static TimeSpan Positive(TimeSpan left) => left > TimeSpan.Zero ? left : TimeSpan.Zero;
}

internal sealed record LeaseOutcome(LeaseReply Reply, HeldLease? Held, Tenant? Tenant);
