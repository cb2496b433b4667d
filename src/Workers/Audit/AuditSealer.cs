using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Registry.Audit;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Audit;

/// <summary>
/// Seals the audit log: chains its new lines, signs the chain's end as the day's head, and copies the head to the object store. Then prunes what is too old. Any number may
/// run; whatever one leaves undone, another or the next pass does.
/// </summary>
internal sealed partial class AuditSealer(AuditSealStore store, AuditKeys keys, AuditCopies copies, IOptions<AuditOptions> options, TimeProvider time, ILogger<AuditSealer> log) : BackgroundService
{
    // What one transaction seals.
    internal const int BatchSize = 1000;

    private const int MostHeads = 100;

    private static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(1);

    private DateTimeOffset prunedAt;
    private HashSet<string> left = [];
    private volatile string? copyFailure;

    /// <summary>Why the newest heads are not in the object store, in words; null when they are.</summary>
    public string? CopyFailure => copyFailure;

    /// <summary>One pass: afterwards everything that had committed before is sealed, unless another process is sealing it.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        while (await store.SealAsync(BatchSize, cancellationToken) == BatchSize)
        {
        }

        var lag = await store.LagAsync(cancellationToken);
        AuditTelemetry.UnsealedAge.Record(lag.Age?.TotalSeconds ?? 0);
        AuditTelemetry.Sealed.Record(lag.Number);
        if (!keys.CanSign)
            return;
        AuditMark? own = null;
        if (!await store.SignAsync(end => own = keys.Sign(AuditMark.Head, end), cancellationToken))
            own = null;
        await CopyAsync(own, cancellationToken);
    }

    /// <summary>Deletes lines whose time is over.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        if (options.Value.RetentionDays == 0 || !keys.CanSign)
            return;
        var age = TimeSpan.FromDays(options.Value.RetentionDays);
        while (await store.PruneAsync(age, options.Value.RetentionBatchSize, end => keys.Sign(AuditMark.Anchor, end), cancellationToken) is > 0 and var pruned)
            AuditTelemetry.Pruned.Add(pruned);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!keys.CanSign)
            LogNoKey();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.Value.SealSeconds), time);
        do
        {
            try
            {
                await PassAsync(stoppingToken);
                if (time.GetUtcNow() - prunedAt >= PruneEvery)
                {
                    await PruneAsync(stoppingToken);
                    prunedAt = time.GetUtcNow();
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // What another process signed is its to copy; what is still left at the next pass, anybody's.
    private async Task CopyAsync(AuditMark? own, CancellationToken cancellationToken)
    {
        var uncopied = await store.UncopiedAsync(MostHeads, cancellationToken);
        var (mine, former) = (own is null ? null : AuditCopies.NameOf(own), left);
        left = [.. uncopied.Select(h => AuditCopies.NameOf(h.Mark))];
        try
        {
            foreach (var (head, copied) in uncopied.Where(h => AuditCopies.NameOf(h.Mark) is var name && (name == mine || former.Contains(name))))
            {
                await copies.WriteAsync(head, cancellationToken);
                await store.CopiedAsync(head, cancellationToken);
                left.Remove(AuditCopies.NameOf(head));
                // Only now, so that the store always has one. In a store that keeps everything it stays, and does no harm.
                if (copied is { } number)
                    await copies.RemoveAsync(head, number, cancellationToken);
            }

            copyFailure = null;
        }
        catch (ObjectStoreException error)
        {
            if (copyFailure is null)
                LogNotCopied(error.Message);
            copyFailure = error.Message;
        }
    }

    [LoggerMessage(EventId = 3032, Level = LogLevel.Warning, Message = "Saga:Audit:SigningKey is not set, so the audit log is chained and not signed: anyone who can edit rows of the registry can also edit the chain.")]
    private partial void LogNoKey();

    [LoggerMessage(EventId = 3033, Level = LogLevel.Error, Message = "The audit log could not be sealed; trying again.")]
    private partial void LogFailed(Exception error);

    [LoggerMessage(EventId = 3034, Level = LogLevel.Error, Message = "The head of the audit log could not be copied to the object store; trying again: {Reason}")]
    private partial void LogNotCopied(string reason);
}
