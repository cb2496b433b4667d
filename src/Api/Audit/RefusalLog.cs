using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Registry.Audit;

namespace Saga.Api.Audit;

/// <summary>
/// Counts refused requests, and writes a line to the audit log for those of a caller, an endpoint and a minute, when the minute is over. Of a flood, however
/// large, it keeps and writes a bounded number of lines: what exceeds it is counted in a line for all. Thread-safe.
/// </summary>
internal sealed partial class RefusalLog(RefusalStore store, TimeProvider time, ILogger<RefusalLog> log) : BackgroundService
{
    public const string DroppedName = "saga.audit.refusals_dropped";
    public const string MeterName = "Saga.Api";

    /// <summary>The most lines of one minute for callers that are known, and as many for those that are not. Strangers must not crowd out what callers did.</summary>
    internal const int MostLines = 500;

    // While the registry does not answer, of about as many minutes.
    private const int MostWaiting = 20 * MostLines;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly Counter<long> Dropped = new Meter(MeterName).CreateCounter<long>(DroppedName, "{request}", "Refused requests that could not be written to the audit log, because the registry was away for too long.");

    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly Lock gate = new();
    private readonly Dictionary<Key, Count> minute = [];
    private readonly Queue<RefusedRequests> waiting = new();
    private DateTimeOffset began;
    private int known;
    private int unknown;

    /// <summary>Counts a request.</summary>
    /// <param name="actor">The caller; null when it is not known.</param>
    /// <param name="origin">From where.</param>
    /// <param name="endpoint">The method and the route.</param>
    /// <param name="status">The status of the response.</param>
    /// <param name="code">The code of the problem.</param>
    /// <param name="reason">Why, in fixed words.</param>
    public void Add(string? actor, string origin, string endpoint, int status, string? code, string? reason)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            End(now);
            var key = new Key(actor, origin, endpoint, status, code, reason);
            if (!minute.ContainsKey(key))
            {
                if ((actor is null ? unknown : known) >= MostLines)
                    key = new(actor is null ? null : RefusedRequests.Several, AuditOrigin.OfAddress(null), null, status, null, null);
                else if (actor is null)
                    unknown++;
                else
                    known++;
            }

            minute[key] = minute.TryGetValue(key, out var count) ? count with { Times = count.Times + 1, LastAt = now } : new(1, now, now);
        }
    }

    /// <summary>Writes the lines of minutes that are over.</summary>
    /// <param name="all">Whether the present minute is over, too, because the process ends.</param>
    /// <param name="cancellationToken">Cancels the statement; what was not written is written later.</param>
    public async Task WriteAsync(bool all, CancellationToken cancellationToken)
    {
        await writing.WaitAsync(cancellationToken);
        try
        {
            while (Next(all) is { Count: > 0 } lines)
            {
                // If the answer is lost here, the lines are written once more. Nothing else would tell that they were counted.
                await store.WriteAsync(lines, cancellationToken);
                lock (gate)
                {
                    // The oldest may have been dropped meanwhile.
                    foreach (var line in lines)
                    {
                        if (waiting.TryPeek(out var oldest) && ReferenceEquals(oldest, line))
                            waiting.Dequeue();
                    }
                }
            }
        }
        finally
        {
            writing.Release();
        }
    }

    public override void Dispose()
    {
        writing.Dispose();
        base.Dispose();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await WriteAsync(all: true, cancellationToken);
        }
        catch (Exception error)
        {
            LogNotWritten(error);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await WriteAsync(all: false, stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotWritten(error);
            }
        }
    }

    private List<RefusedRequests> Next(bool all)
    {
        lock (gate)
        {
            End(all ? DateTimeOffset.MaxValue : time.GetUtcNow());
            return [.. waiting.Take(MostLines)];
        }
    }

    // Ends the present minute, which began with its first request, if this time is after it.
    private void End(DateTimeOffset now)
    {
        if (minute.Count > 0 && now >= began + TimeSpan.FromMinutes(1))
        {
            foreach (var (key, count) in minute)
            {
                waiting.Enqueue(new()
                {
                    Actor = key.Actor ?? RefusedRequests.Unknown,
                    Origin = key.Origin,
                    Endpoint = key.Endpoint,
                    Status = key.Status,
                    Code = key.Code,
                    Reason = key.Reason,
                    FirstAt = count.FirstAt,
                    LastAt = count.LastAt,
                    Times = count.Times,
                });
            }

            minute.Clear();
            (known, unknown) = (0, 0);
            var lost = 0L;
            while (waiting.Count > MostWaiting)
                lost += waiting.Dequeue().Times;
            if (lost > 0)
            {
                Dropped.Add(lost);
                LogDropped(lost);
            }
        }

        if (minute.Count == 0)
            began = now;
    }

    private sealed record Key(string? Actor, string Origin, string? Endpoint, int Status, string? Code, string? Reason);

    private sealed record Count(long Times, DateTimeOffset FirstAt, DateTimeOffset LastAt);

    [LoggerMessage(3030, LogLevel.Warning, "Refused requests could not be written to the audit log; trying again.")]
    private partial void LogNotWritten(Exception error);

    [LoggerMessage(3031, LogLevel.Error, "{Count} refused requests are not in the audit log, because it could not be written for too long.")]
    private partial void LogDropped(long count);
}
