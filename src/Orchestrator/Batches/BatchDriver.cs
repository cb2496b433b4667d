using System.Text.Json;
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
/// Takes a batch as far as it goes now: orders items of its wave, writes down what became of them, and signals the end to the operation that stands
/// for the batch. It keeps nothing between two rounds, and may end at any point: what it ordered is found by its key. Thread-safe.
/// </summary>
internal sealed partial class BatchDriver(IBatchRuns runs, BatchSubmitter submitter, UpgradeWindows windows, IWaitStore waits, ILogger<BatchDriver> log)
{
    // Few enough for a claim.
    private const int Items = 50;

    /// <summary>Goes on with a batch, and gives it back.</summary>
    /// <param name="claim">The batch.</param>
    /// <param name="stopping">Cancels the round.</param>
    /// <returns>Whether it can go on at once.</returns>
    public async Task<bool> RunAsync(BatchClaim claim, CancellationToken stopping)
    {
        var goesOn = await GoOnAsync(claim, stopping);
        // Of one that is paused, all of whose items wait for their windows, or whose operation goes on after its end, the claim is kept, so that it is
        // looked at twice a minute and not every second by each process. An order ends that.
        if (goesOn is not null)
            await runs.ReleaseAsync(claim, stopping);
        return goesOn is true;
    }

    /// <returns>Whether it can go on at once; null when it waits for an operator, for windows, or for the end of its operation.</returns>
    private async Task<bool?> GoOnAsync(BatchClaim claim, CancellationToken stopping)
    {
        var batch = claim.Batch;
        await runs.SettleAsync(batch.Id, BatchSubmitter.CallerOf(batch).ToString(), stopping);
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
            // It may go on for days after its signal, with steps of a team.
            if (!claim.OperationEnded)
                return await SignalAsync(batch, stopping) ? false : null;
            // From now on no runner orders an item that it was given before, so what was ordered is known.
            if (!await RecoverAsync(claim, stopping))
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
            // Its runner died before it was written down. The window may have closed since, or the operation may have ended: submitted once more, it would
            // be another command, or be refused.
            if (await runs.OrderedAsync(item, BatchSubmitter.CallerOf(claim.Batch).ToString(), BatchSubmitter.KeyOf(item), stopping) is { } ordered)
            {
                await runs.BegunAsync(claim, item, ordered, BatchSubmitter.KeyOf(item), stopping);
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

    /// <returns>Whether something was found that is open.</returns>
    private async Task<bool> RecoverAsync(BatchClaim claim, CancellationToken stopping)
    {
        if (claim.Batch.State == BatchState.Aborted)
            await runs.RecoverAsync(claim, BatchSubmitter.CallerOf(claim.Batch).ToString(), BatchSubmitter.KeyPrefix(claim.Batch.Id), stopping);
        return (await runs.ProgressAsync(claim.Batch, stopping)).Open > 0;
    }

    /// <returns>Whether its operation waited for the signal.</returns>
    private async Task<bool> SignalAsync(Batch batch, CancellationToken stopping)
    {
        var counts = batch.Counts.ToDictionary(c => JsonNamingPolicy.CamelCase.ConvertName(c.Key.ToString()), c => c.Value);
        var answered = await waits.AnswerAsync(
            batch.OperationId!.Value,
            new()
            {
                Signal = RunBatchWorkflow.Signal,
                Answer = new() { Kind = WaitAnswerKind.Signalled, By = Caller.OfBatch(batch.Id, isAdministrator: false).ToString(), Data = JsonSerializer.SerializeToElement(counts, Json.Options), At = default },
            },
            stopping);
        if (answered is not WaitMatch.Found)
            return false;
        LogEnded(batch.Id, batch.State);
        return true;
    }

    private static Failure FailureOf(OperationRejected rejection) => new()
    {
        Code = rejection.Code,
        Message = rejection.Errors.Count == 0 ? rejection.Detail : $"{rejection.Detail} {string.Join("; ", rejection.Errors.Select(e => $"{e.Pointer} {e.Detail}"))}",
        Kind = FailureKind.Permanent,
    };

    [LoggerMessage(EventId = 3062, Level = LogLevel.Warning, Message = "Batch {Batch} is aborted, because its operation ended.")]
    private partial void LogAborted(Guid batch);

    [LoggerMessage(EventId = 3063, Level = LogLevel.Warning, Message = "Batch {Batch} pauses: {Why}")]
    private partial void LogPaused(Guid batch, string why);

    [LoggerMessage(EventId = 3064, Level = LogLevel.Information, Message = "Batch {Batch} has ended: {State}.")]
    private partial void LogEnded(Guid batch, BatchState state);
}
