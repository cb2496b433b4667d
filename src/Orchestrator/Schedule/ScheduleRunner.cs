using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Schedule;

namespace Saga.Orchestrator.Schedule;

/// <summary>
/// Submits scheduled commands when they are due. Any number may run. A command is marked as submitted in the transaction that accepts it, so
/// it runs once whatever dies, and not after it was cancelled.
/// </summary>
internal sealed partial class ScheduleRunner(ScheduleStore store, CommandCatalogue catalogue, IServiceProvider services, TimeProvider time, ILogger<ScheduleRunner> log) : BackgroundService
{
    private const int Page = 50;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PutOff = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                while (await RunAsync(stoppingToken) == Page)
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

    private async Task<int> RunAsync(CancellationToken stopping)
    {
        var due = await store.TakeDueAsync(Page, PutOff, stopping);
        foreach (var taken in due)
        {
            try
            {
                await SubmitAsync(taken, stopping);
            }
            catch (PostgresException error) when (error.SqlState == ScheduleStore.ClaimLost)
            {
                LogEnded(taken.Command.Id);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // It is due again when its claim ends.
                LogNotSubmitted(error, taken.Command.Id);
            }
        }

        return due.Count;
    }

    private async Task SubmitAsync(TakenCommand taken, CancellationToken stopping)
    {
        // A newer version's command is left to a newer orchestrator.
        if (catalogue.FindScheduled(taken.Command.Kind) is not { } command)
            return;
        var submitter = (IScheduledSubmitter)services.GetRequiredService(typeof(ScheduledSubmitter<>).MakeGenericType(command));
        if (taken.Now >= taken.Command.ExpiresAt)
        {
            await RefuseAsync(taken, (await submitter.RejectAsync(taken, Expired(taken.Command), stopping)).Rejection, again: null, stopping);
            return;
        }

        switch (await submitter.SubmitAsync(taken, stopping))
        {
            case CommandAccepted accepted:
                LogSubmitted(taken.Command.Id, accepted.OperationId);
                break;
            case CommandRejected { Rejection: var rejection }:
                await RefuseAsync(taken, rejection, IsPassing(rejection) ? Pause(taken.Command.Tries) : null, stopping);
                break;
        }
    }

    private async Task RefuseAsync(TakenCommand taken, OperationRejected rejection, TimeSpan? again, CancellationToken stopping)
    {
        if (again is null)
            LogRefused(taken.Command.Id, rejection.Code);
        await store.RefuseAsync(taken.Claim, rejection, again, stopping);
    }

    // Processes of this version are about to start.
    private static bool IsPassing(OperationRejected rejection) => rejection.Code is RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld;

    private static TimeSpan Pause(int tries)
    {
        var pause = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(tries, 20)));
        return pause < LongestPause ? pause : LongestPause;
    }

    private static OperationRejected Expired(ScheduledCommand command) => new()
    {
        Code = RejectionCodes.ScheduleExpired,
        Detail = command is { NeedsApproval: true, Approval: null }
            ? $"Nobody approved the command until {command.ExpiresAt:u}."
            : command.Refusal is { } last
            ? $"The command could not run until {command.ExpiresAt:u}. The last reason: {last.Detail}"
            : $"The command could not run until {command.ExpiresAt:u}, because no orchestrator ran or its approval came too late.",
    };

    [LoggerMessage(EventId = 2571, Level = LogLevel.Warning, Message = "Scheduled commands could not be read; trying again.")]
    private partial void LogNotRead(Exception error);

    [LoggerMessage(EventId = 2572, Level = LogLevel.Warning, Message = "Scheduled command {Command} could not be submitted; trying again.")]
    private partial void LogNotSubmitted(Exception error, Guid command);

    [LoggerMessage(EventId = 2573, Level = LogLevel.Information, Message = "Scheduled command {Command} runs as operation {Operation}.")]
    private partial void LogSubmitted(Guid command, Guid operation);

    [LoggerMessage(EventId = 2574, Level = LogLevel.Warning, Message = "Scheduled command {Command} was refused: {Code}")]
    private partial void LogRefused(Guid command, string code);

    [LoggerMessage(EventId = 2575, Level = LogLevel.Information, Message = "Scheduled command {Command} has ended meanwhile, or another process submits it.")]
    private partial void LogEnded(Guid command);
}
