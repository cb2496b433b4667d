using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Saga.Contracts.Commands;
using Saga.Engine.Replays;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.Intake;
using Saga.Registry.Drift;
using Saga.Registry.Replays;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Replay;

/// <summary>
/// Looks at what replays have done: when their operations have ended, one scan of their tenants, and what it found. Any number may run: they post the same
/// scan under the same idempotency key. For one loop of a process.
/// </summary>
public sealed partial class ReplayChecks(ReplayCheckStore checks, DriftStore drift, ICommandIntake<ScanDrift> scans, ILogger<ReplayChecks> log)
{
    private const int MostJudged = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    // Each refusal is audited and published, and what refuses a scan is seldom over in a minute.
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    private DateTimeOffset pausedUntil;

    /// <summary>Judges what scans have seen, then posts a scan if replays have ended since.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var seen in await checks.SeenAsync(MostJudged, cancellationToken))
        {
            var (stage, why) = ReplayOutcome.Judge(seen.Look);
            if (ReplayOutcome.LooksAgain(seen.Look))
            {
                await checks.AgainAsync(seen, cancellationToken);
                LogAgain(seen.OperationId, seen.Look.Looks, ReplayOutcome.MostLooks, why);
                continue;
            }

            await checks.JudgeAsync(seen, stage, why, cancellationToken);
            if (stage == ReplayStage.Contradicted)
                LogContradicted(seen.OperationId, why);
        }

        if (await checks.DueAsync(ScanDriftPlan.MostTenants, cancellationToken) is { Count: > 0 } due && await drift.NowAsync(cancellationToken) is var now && now >= pausedUntil)
            await PostAsync(due, now, cancellationToken);
    }

    private async Task PostAsync(IReadOnlyList<DueReplayCheck> due, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var scan = new ScanDrift { Tenants = [.. due.Select(d => d.Tenant).Distinct()], IncludeRecent = true };
        switch (await scans.SubmitAsync(scan, Caller.System, cancellationToken, KeyOf(due), wait: new ScopeWait(now + Patience)))
        {
            case CommandAccepted { OperationId: var operation }:
                // A process that dies here posts the same scan again, or one for more replays.
                await checks.BeginAsync(due, operation, cancellationToken);
                break;
            case CommandRejected { Rejection: var rejection }:
                pausedUntil = now + Pause;
                LogRefused(due.Count, rejection.Code, rejection.Detail);
                break;
        }
    }

    private static string KeyOf(IEnumerable<DueReplayCheck> due)
    {
        var all = string.Join('|', due.Select(d => string.Create(CultureInfo.InvariantCulture, $"{d.OperationId:n}@{d.RequestedAt.UtcTicks}#{d.Looks}")));
        return $"replay-check:{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(all)))}";
    }

    [LoggerMessage(EventId = 3210, Level = LogLevel.Warning, Message = "The replayed operation {OperationId} says that it succeeded, and a scan contradicts it. {Why} GET /api/v1/operations/{OperationId} shows what.")]
    private partial void LogContradicted(Guid operationId, string why);

    [LoggerMessage(EventId = 3220, Level = LogLevel.Information, Message = "Look {Looks} of at most {Most} saw nothing of the replayed operation {OperationId}, and another scan follows. {Why}")]
    private partial void LogAgain(Guid operationId, int looks, int most, string why);

    [LoggerMessage(EventId = 3211, Level = LogLevel.Warning, Message = "The scan that looks what {Count} replays have done was refused with {Code}, and is tried again in an hour: {Detail}")]
    private partial void LogRefused(int count, string code, string detail);
}
