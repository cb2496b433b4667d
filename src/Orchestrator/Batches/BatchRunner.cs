using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Batches;
using Saga.Engine.Waits;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Batches;
using Saga.Registry.Waits;

namespace Saga.Orchestrator.Batches;

/// <summary>
/// Runs batches: orders their items wave by wave, writes down what became of them, and signals the end to the operation that stands for the batch.
/// Any number may run. Everything that counts is in the registry, so a batch goes on wherever its runner died, and each item is ordered once.
/// </summary>
internal sealed partial class BatchRunner(BatchRuns runs, BatchSubmitter submitter, UpgradeWindows windows, IWaitStore waits, TimeProvider time, ILogger<BatchRunner> log) : BackgroundService
{
    private const int Batches = 10;

    // Few enough for a claim.
    private const int Items = 50;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClaimLasts = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                while (await RunAsync(stoppingToken))
                {
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotRead(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <returns>Whether a batch can go on at once.</returns>
    private async Task<bool> RunAsync(CancellationToken stopping)
    {
        var more = false;
        foreach (var claim in await runs.TakeAsync(Batches, ClaimLasts, stopping))
        {
            try
            {
                var goesOn = await GoOnAsync(claim, stopping);
                more |= goesOn is true;
                // Of one that is paused, or all of whose items wait for their windows, the claim is kept, so that it is looked at twice a minute and not
                // every second by each process. An order ends that.
                if (goesOn is not null)
                    await runs.ReleaseAsync(claim, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                // Another process goes on at once.
                await runs.ReleaseAsync(claim, CancellationToken.None);
                throw;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // It goes on when the claim ends.
                LogFailed(error, claim.Batch.Id);
            }
        }

        return more;
    }

    /// <returns>Whether it can go on at once; null when it waits for an operator, or for windows.</returns>
    private async Task<bool?> GoOnAsync(BatchClaim claim, CancellationToken stopping)
    {
        var batch = claim.Batch;
        await runs.SettleAsync(batch.Id, stopping);
        if (batch.State is BatchState.Running or BatchState.Paused && claim.OperationEnded)
        {
            await runs.AbortAsync(claim, Caller.System.ToString(), "Its operation ended.", stopping);
            LogAborted(batch.Id);
            return true;
        }

        var progress = await runs.ProgressAsync(batch, stopping);
        if (batch.State is BatchState.Completed or BatchState.Aborted)
        {
            if (progress.Open > 0)
                return false;
            await SignalAsync(batch, stopping);
            await runs.CloseAsync(claim, stopping);
            return false;
        }

        if (batch.State == BatchState.Paused)
            return progress.Open > 0 ? false : null;
        switch (BatchRules.Next(batch.Pace, progress))
        {
            case BatchDecision.Begin { Count: var count }:
                return await BeginAsync(claim, Math.Min(Math.Min(count, claim.Allowed), Items), stopping) is { } goesOn ? goesOn : progress.Open > 0 ? false : null;
            case BatchDecision.Wait:
                return false;
            case var decision:
                if (decision is BatchDecision.Pause { Why: var why })
                    LogPaused(batch.Id, why);
                await runs.DecideAsync(claim, decision, stopping);
                return true;
        }
    }

    /// <returns>Whether it can go on at once; null when no item may begin now.</returns>
    private async Task<bool?> BeginAsync(BatchClaim claim, int count, CancellationToken stopping)
    {
        var deferred = false;
        for (var left = count; left > 0; left--)
        {
            // Asked for one by one, because a batch may be paused or aborted at any moment.
            if (await runs.NextAsync(claim, stopping) is not { } item)
                return left == count || deferred ? null : false;
            // Its runner died before it was written down, and the window may have closed since. Submitted once more, it would be another command.
            if (await submitter.SubmittedAsync(claim, item, stopping) is { } submitted)
            {
                await runs.BegunAsync(claim, item, submitted, BatchSubmitter.KeyOf(item), stopping);
                continue;
            }

            // Looked at now, because a window may have changed since the batch was prepared.
            var window = await windows.OfAsync(item, claim.Now, stopping);
            if (window?.Opens > claim.Now)
            {
                await runs.DeferAsync(claim, item, window.Opens, stopping);
                deferred = true;
                continue;
            }

            switch (await submitter.SubmitAsync(claim, item, window?.Closes, stopping))
            {
                case CommandAccepted accepted:
                    await runs.BegunAsync(claim, item, accepted.OperationId, BatchSubmitter.KeyOf(item), stopping);
                    break;
                // Processes of this version are about to start.
                case CommandRejected { Rejection.Code: RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld }:
                    return false;
                case CommandRejected { Rejection: var rejection }:
                    await runs.RefusedAsync(claim, item, FailureOf(rejection), stopping);
                    break;
            }
        }

        return count == Items || deferred;
    }

    private async Task SignalAsync(Batch batch, CancellationToken stopping)
    {
        var counts = batch.Counts.ToDictionary(c => JsonNamingPolicy.CamelCase.ConvertName(c.Key.ToString()), c => c.Value);
        await waits.AnswerAsync(
            batch.OperationId!.Value,
            new()
            {
                Signal = RunBatchWorkflow.Signal,
                Answer = new() { Kind = WaitAnswerKind.Signalled, By = Caller.OfBatch(batch.Id, isAdministrator: false).ToString(), Data = JsonSerializer.SerializeToElement(counts, Json.Options), At = default },
            },
            stopping);
        LogEnded(batch.Id, batch.State);
    }

    private static Failure FailureOf(OperationRejected rejection) => new()
    {
        Code = rejection.Code,
        Message = rejection.Errors.Count == 0 ? rejection.Detail : $"{rejection.Detail} {string.Join("; ", rejection.Errors.Select(e => $"{e.Pointer} {e.Detail}"))}",
        Kind = FailureKind.Permanent,
    };

    [LoggerMessage(EventId = 3060, Level = LogLevel.Warning, Message = "Batches could not be read; trying again.")]
    private partial void LogNotRead(Exception error);

    [LoggerMessage(EventId = 3061, Level = LogLevel.Warning, Message = "Batch {Batch} could not go on; trying again.")]
    private partial void LogFailed(Exception error, Guid batch);

    [LoggerMessage(EventId = 3062, Level = LogLevel.Warning, Message = "Batch {Batch} is aborted, because its operation ended.")]
    private partial void LogAborted(Guid batch);

    [LoggerMessage(EventId = 3063, Level = LogLevel.Warning, Message = "Batch {Batch} pauses: {Why}")]
    private partial void LogPaused(Guid batch, string why);

    [LoggerMessage(EventId = 3064, Level = LogLevel.Information, Message = "Batch {Batch} has ended: {State}.")]
    private partial void LogEnded(Guid batch, BatchState state);
}
