using Saga.Contracts.Events;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Registry.Outbox;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Reservation;

/// <summary>Announces an adoption, once however often it runs.</summary>
internal sealed class AnnounceAdoptedStep(LeasedTransactions leases, RegistryClock clock, RegistryNotifier notifier) : IStep
{
    public string Name => StepNames.AnnounceAdopted;

    public IReadOnlyList<string> Needs => [StepNames.MigrateAdopted];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // It may have moved since, if an operator replays the step much later.
        if (context.Tenant.Placed is not { } placement)
            return null;
        var adopted = context.Output<AdoptedOutput>(StepNames.MigrateAdopted);
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        if (await AdoptionRows.AnnounceAsync(transaction, placement.Id, clock.Offset, cancellationToken) is { } at)
        {
            await transaction.CommitAsync(
                [OutboxWriter.PublishCommand(new TenantAdopted
                {
                    TenantId = context.TenantId,
                    Slug = context.Tenant.Slug,
                    Server = placement.Place.Server,
                    Database = placement.Place.Database,
                    Schema = placement.Place.Schema,
                    Tier = placement.Tier,
                    FoundVersion = adopted.Found,
                    SchemaVersion = adopted.Version,
                    OperationId = context.OperationId,
                    OccurredAt = at,
                })],
                cancellationToken);
            notifier.Notify(RegistryChannels.Outbox);
        }

        return new { placement.Place.Server, placement.Place.Database, placement.Place.Schema };
    }

    /// <summary>Never asked for: it comes after the pivot.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
