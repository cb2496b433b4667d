using Microsoft.Extensions.Logging;
using Saga.Contracts.Steps;
using Saga.Workers.Backup.Restore;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Drills;

/// <summary>Comes first, so that its compensation comes last and raises the alert of a drill that failed.</summary>
internal sealed partial class BeginDrillStep(ILogger<BeginDrillStep> log) : IStep
{
    public string Name => StepNames.BeginDrill;

    public bool NeedsInput => true;

    public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) => Task.FromResult<object?>(new { BackupId = RestoreContext.BackupOf(context) });

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        BackupTelemetry.DrillsFailed.Add(1);
        LogFailed(RestoreContext.BackupOf(context), context.Tenant.Slug.ToString(), context.OperationId);
        return Task.CompletedTask;
    }

    [LoggerMessage(EventId = 2878, Level = LogLevel.Error, Message = "Backup {Backup} of tenant {Tenant} could not be restored in a drill. Operation {Operation} shows why.")]
    private partial void LogFailed(Guid backup, string tenant, Guid operation);
}
