using Microsoft.Extensions.Logging;
using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Exports;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Exports;

/// <summary>
/// Begins the operation's export. The compensation is the last one of an export that fails: it removes whatever is left of it, and announces the
/// failure, once.
/// </summary>
internal sealed partial class BeginExportStep(ExportFiles files, LeasedTransactions leases, RegistryNotifier notifier, ILogger<BeginExportStep> log) : IStep
{
    public string Name => StepNames.BeginExport;

    public bool NeedsInput => true;

    public IEnumerable<string> Systems(Tenant tenant) => ExportStep.Systems;

    public TimeSpan LingersFor => files.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var export = await BeginAsync(transaction, context, cancellationToken);
        if (export.State is "failed" or "removed")
            throw ExportStep.Ended(export.Id);
        await transaction.CommitAsync(cancellationToken);
        return new { ExportId = export.Id };
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        BegunExport export;
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            // An export that never began has failed as well, and is shown.
            export = await BeginAsync(transaction, context, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await ExportStep.RemoveAsync(files, context, export.Id, cancellationToken);
        await FailAsync(context, export, cancellationToken);
    }

    private static Task<BegunExport> BeginAsync(LeasedTransaction transaction, StepContext context, CancellationToken cancellationToken)
    {
        var command = context.Input<ExportTenant>();
        return ExportRows.BeginAsync(
            transaction, context.TenantId, context.OperationId, command.DataTypes.Distinct(StringComparer.Ordinal), command.Format ?? ExportManifest.JsonFormat, command.UserId, cancellationToken);
    }

    private async Task FailAsync(StepContext context, BegunExport export, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await ExportRows.FailAsync(transaction, context.OperationId, cancellationToken) is not { } failed)
            return;
        var code = failed.Cancelled is not null ? "cancelled" : failed.Failure?.Code ?? "unknown";
        var reason = failed.Cancelled ?? failed.Failure?.Message ?? "The operation was undone.";
        await AuditLog.WriteAsync(transaction, AuditActions.ExportFail, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [
                ExportRemovals.CancelCommand(context.TenantId, export.Id, context.OperationId),
                OutboxWriter.PublishCommand(new TenantExportFailed
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    ExportId = failed.Id,
                    Code = code,
                    Reason = reason,
                    OperationId = context.OperationId,
                    OccurredAt = failed.At,
                }),
            ],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        LogFailed(failed.Id, context.Tenant.Slug.ToString(), code, reason);
    }

    [LoggerMessage(EventId = 2890, Level = LogLevel.Warning, Message = "Export {Export} of tenant {Tenant} ended with {Code}: {Reason}")]
    private partial void LogFailed(Guid export, string tenant, string code, string reason);
}
