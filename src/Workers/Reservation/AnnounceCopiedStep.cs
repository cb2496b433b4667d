using Saga.Contracts.Commands;
using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>Announces an adoption that copied rows, once however often it runs.</summary>
internal sealed class AnnounceCopiedStep(LeasedTransactions leases, RegistryClock clock, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.AnnounceCopied;

    public bool NeedsInput => true;

    public IReadOnlyList<string> Needs => [StepNames.CompareSource];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var (command, copied) = (context.Input<AdoptTenant>(), context.Output<ComparedSourceOutput>(StepNames.CompareSource));
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await AdoptedSourceRows.AnnounceAsync(transaction, context.OperationId, clock.Offset, cancellationToken) is { } at)
        {
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantRowsAdopted
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    Server = command.Server,
                    Database = command.Database,
                    Schema = command.Schema ?? PlacementStore.ProductSchema,
                    Tables = copied.Tables,
                    Rows = copied.Rows,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
        }

        return copied;
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
