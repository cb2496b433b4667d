using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Registry.Backups;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Backup.Schedules;

/// <summary>
/// Posts the backups of tenants when their schedules say so. Any number may run: a run's idempotency key is its tenant and its time, so it
/// becomes one operation whatever dies. A run that was missed is made up for once. Thread-safe.
/// </summary>
public sealed partial class BackupScheduler(
    BackupRunStore runs, ICommandIntake<BackupTenant> intake, IOptions<BackupScheduleOptions> options, ILogger<BackupScheduler> log)
{
    private const int Page = 100;
    private const int MostPages = 20;

    // A run whose scheduler died, or whose steps nobody hosts, is tried again after this time.
    private static readonly TimeSpan PutOff = TimeSpan.FromMinutes(5);

    // How long a run may wait for its tenant, or for workers, when there is no next one that takes its place.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    /// <summary>Plans the next runs of tenants that are new or have another schedule, and posts what is due.</summary>
    /// <returns>How many runs were due.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await PlanAsync(cancellationToken);
        var all = 0;
        while (true)
        {
            var due = await runs.TakeDueAsync(Page, PutOff, cancellationToken);
            all += due.Count;
            foreach (var run in due)
                await TryPostAsync(run, cancellationToken);
            if (due.Count < Page)
                return all;
        }
    }

    /// <summary>Raises the alert, once, for each tenant whose schedule ran and which has no complete backup a while later.</summary>
    /// <returns>How many tenants there are.</returns>
    public async Task<long> WatchAsync(CancellationToken cancellationToken)
    {
        var late = TimeSpan.FromHours(options.Value.LateHours);
        await runs.ConfirmAsync(cancellationToken);
        foreach (var missing in await runs.TakeMissingAsync(late, Page, cancellationToken))
            LogMissing(missing.Slug.ToString(), missing.Since.UtcDateTime, missing.Operation is { } operation ? $"Operation {operation} shows why." : "It was refused.");
        return await runs.CountMissingAsync(late, cancellationToken);
    }

    /// <summary>A tenant's next run.</summary>
    public DateTimeOffset? Next(ScheduledTenant tenant, DateTimeOffset after) =>
        BackupCalendar.Next(options.Value.CronOf(tenant.Plan, tenant.Cron), tenant.Timezone, BackupCalendar.JitterOf(tenant.Id, options.Value.JitterMinutes), after);

    /// <summary>What <see cref="Next"/> depends on.</summary>
    public string Basis(ScheduledTenant tenant) => BackupRunStore.Basis(options.Value.CronOf(tenant.Plan, tenant.Cron), tenant.Timezone, options.Value.JitterMinutes);

    private async Task PlanAsync(CancellationToken cancellationToken)
    {
        var plans = options.Value.Plans.Where(p => p.Value.Cron is not null).ToDictionary(p => p.Key.ToLowerInvariant(), p => p.Value.Cron!, StringComparer.Ordinal);
        // Another process may have another configuration for a while, and undo what this one plans. What is left comes with the next look.
        for (var pages = 0; pages < MostPages; pages++)
        {
            var stale = await runs.ListStaleAsync(options.Value.Cron, plans, options.Value.JitterMinutes, Page, cancellationToken);
            if (stale.Count == 0)
                return;
            var now = await runs.NowAsync(cancellationToken);
            foreach (var tenant in stale)
                await runs.PlanAsync(tenant.Id, Basis(tenant), Next(tenant, now), cancellationToken);
        }
    }

    private async Task TryPostAsync(DueBackup run, CancellationToken cancellationToken)
    {
        try
        {
            await PostAsync(run, cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // Others must not wait for it. It is due again.
            LogNotPosted(error, run.Tenant.Id.ToString());
        }
    }

    private async Task PostAsync(DueBackup run, CancellationToken cancellationToken)
    {
        var tenant = run.Tenant;
        // After the present, so that of several runs that were missed one is made up for.
        var next = Next(tenant, run.Now);
        if (options.Value.CronOf(tenant.Plan, tenant.Cron) == BackupCalendar.None)
        {
            await runs.EndAsync(tenant.Id, run.DueAt, ran: false, operation: null, Basis(tenant), next, cancellationToken);
            return;
        }

        var until = next is { } following && following < run.Now + LongestWait ? following : run.Now + LongestWait;
        var command = new BackupTenant { TenantId = tenant.Id, Note = string.Create(CultureInfo.InvariantCulture, $"Scheduled for {run.DueAt.UtcDateTime:u}.") };
        var key = string.Create(CultureInfo.InvariantCulture, $"backup:{tenant.Id}:{run.DueAt.UtcTicks}");
        var outcome = await intake.SubmitAsync(command, Caller.System, cancellationToken, key, wait: new ScopeWait(until));
        if (outcome is CommandRejected { Rejection: var rejection })
        {
            // Processes of this version are about to start.
            if (rejection.Code is RejectionCodes.StepNotHosted or RejectionCodes.EngineTooOld && run.Now < run.DueAt + LongestWait)
                return;
            // It is being removed since the run was taken: nothing is missing.
            if (rejection.Code == RejectionCodes.TenantState)
            {
                await runs.EndAsync(tenant.Id, run.DueAt, ran: false, operation: null, Basis(tenant), next, cancellationToken);
                return;
            }

            LogRefused(tenant.Id.ToString(), run.DueAt.UtcDateTime, rejection.Code, rejection.Detail);
        }

        await runs.EndAsync(tenant.Id, run.DueAt, ran: true, (outcome as CommandAccepted)?.OperationId, Basis(tenant), next, cancellationToken);
    }

    [LoggerMessage(EventId = 2870, Level = LogLevel.Warning, Message = "The scheduled backup of tenant {Tenant} could not be posted; trying again.")]
    private partial void LogNotPosted(Exception error, string tenant);

    [LoggerMessage(EventId = 2871, Level = LogLevel.Error, Message = "The backup of tenant {Tenant} that was scheduled for {DueAt:u} was refused with {Code}: {Detail}")]
    private partial void LogRefused(string tenant, DateTime dueAt, string code, string detail);

    [LoggerMessage(EventId = 2872, Level = LogLevel.Error, Message = "Tenant {Tenant} has no complete backup since its schedule ran at {Since:u}. {Why}")]
    private partial void LogMissing(string tenant, DateTime since, string why);
}
