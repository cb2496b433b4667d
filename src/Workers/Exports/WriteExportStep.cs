using Microsoft.Extensions.Options;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry.Audit;
using Saga.Registry.Exports;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;

namespace Saga.Workers.Exports;

/// <summary>
/// Writes the file, lets it be downloaded, and schedules its removal. A second attempt begins anew, because the state that the first one read is
/// gone. The compensation removes the file.
/// </summary>
internal sealed class WriteExportStep(ExportFiles files, ExportWriter writer, LeasedTransactions leases, RegistryNotifier notifier, IOptions<ExportOptions> options) : IStep
{
    public string Name => StepNames.WriteExport;

    public IEnumerable<string> Systems(Tenant tenant) => [.. SystemNames.PostgreSql(tenant), .. ExportStep.Systems];

    public TimeSpan LingersFor => files.LingersFor;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        var export = await ExportStep.FindAsync(leases, context, cancellationToken) ?? throw StepFailureException.Permanent(
            "export-not-begun", $"Operation {context.OperationId} has not begun an export.", $"Retry the operation from the step {StepNames.BeginExport}.");
        // An earlier attempt completed it, and its answer was lost.
        if (export is { State: "completed", Bytes: { } bytes, Sha256: { } sha256, ExpiresAt: { } expires })
            return Output(export.Id, bytes, sha256, new(expires));
        if (!export.IsRunning)
            throw ExportStep.Ended(export.Id);
        await ExportStep.RemoveAsync(files, context, export.Id, cancellationToken);
        try
        {
            var written = await writer.WriteAsync(context, export, cancellationToken);
            return Output(export.Id, written.Bytes, written.Sha256, await CompleteAsync(context, export, written, cancellationToken));
        }
        catch (ObjectStoreException error)
        {
            throw StorageFailures.From(error);
        }
    }

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken)
    {
        using var guard = leases.Guard(context.Lease);
        if (await ExportStep.FindAsync(leases, context, cancellationToken) is not { } export)
            return;
        // The registry first, so that it never names a file that is gone.
        await using (var transaction = await leases.BeginAsync(context.Lease, cancellationToken))
        {
            await ExportRows.ReopenAsync(transaction, export.Id, cancellationToken);
            await transaction.CommitAsync([ExportRemovals.CancelCommand(context.TenantId, export.Id, context.OperationId)], cancellationToken);
        }

        await ExportStep.RemoveAsync(files, context, export.Id, cancellationToken);
    }

    private async Task<DateTimeOffset> CompleteAsync(StepContext context, BegunExport export, WrittenExport written, CancellationToken cancellationToken)
    {
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        var (at, expires) = await ExportRows.CompleteAsync(transaction, export.Id, written, options.Value.KeepHours, cancellationToken) ?? throw ExportStep.Ended(export.Id);
        await AuditLog.WriteAsync(transaction, AuditActions.ExportComplete, context.TenantId, context.OperationId, cancellationToken);
        await transaction.CommitAsync(
            [
                .. ExportRemovals.ScheduleCommands(context.TenantId, export.Id, context.OperationId, expires, at),
                OutboxWriter.PublishCommand(new TenantExported
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    ExportId = export.Id,
                    DataTypes = export.DataTypes,
                    UserId = export.UserId,
                    Bytes = written.Bytes,
                    ExpiresAt = expires,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                }),
            ],
            cancellationToken);
        notifier.Notify(RegistryChannels.Outbox);
        return expires;
    }

    private static object Output(Guid export, long bytes, byte[] sha256, DateTimeOffset expires) =>
        new { ExportId = export, Bytes = bytes, Sha256 = Convert.ToHexStringLower(sha256), ExpiresAt = expires };
}
