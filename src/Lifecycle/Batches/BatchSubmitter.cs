using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Audit;
using Saga.Registry.Batches;
using Saga.Registry.Scopes;

namespace Saga.Lifecycle.Batches;

/// <summary>
/// Orders the items of batches through the intakes that every other door uses. An item has one idempotency key, so it is ordered once, however
/// often it is submitted and by whichever process. Thread-safe.
/// </summary>
public sealed class BatchSubmitter(ICommandIntake<ReplayOperation> replays, CommandCatalogue catalogue, IServiceProvider services)
{
    /// <summary>How long the command for a tenant waits for another operation of the tenant.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    /// <summary>The idempotency key of an item. One that is rehearsed again has another one.</summary>
    public static string KeyOf(BatchItem item) => string.Create(CultureInfo.InvariantCulture, $"{KeyPrefix(item.BatchId)}{item.Number}{(item.Rehearsal > 1 ? $"-{item.Rehearsal}" : "")}");

    /// <summary>What the idempotency keys of a batch's items begin with.</summary>
    public static string KeyPrefix(Guid batch) => $"batch-{batch:d}-";

    /// <summary>Who orders the items of the batch.</summary>
    public static Caller CallerOf(Batch batch) => Caller.OfBatch(batch.Id, isAdministrator: !batch.AsOperator);

    /// <summary>Accepts or refuses what the item orders.</summary>
    /// <param name="claim">The batch.</param>
    /// <param name="item">An item of it.</param>
    /// <param name="closes">Of an upgrade: when the place's window closes; null when it has none.</param>
    /// <param name="cancellationToken">Honoured until the commit begins.</param>
    public async Task<IntakeOutcome> SubmitAsync(BatchClaim claim, BatchItem item, DateTimeOffset? closes, CancellationToken cancellationToken)
    {
        AuditOrigin.Enter(AuditOrigin.Batch);
        var batch = claim.Batch;
        var caller = CallerOf(batch);
        if (batch.Kind == BatchKind.Replays)
            return await replays.SubmitAsync(ReplayOf(batch, item), caller, cancellationToken, parent: batch.OperationId);
        // Of a batch that rehearses, the action keeps versions away that would upgrade at once.
        var action = item.Place is null ? batch.Action! : item.Rehearsal is null ? UpgradeWorkflow.Kind : RehearsalPlan.Kind;
        // A newer version prepared it.
        if (catalogue.Find(batch.Action!) is null || catalogue.Find(action) is not { } entry)
            return new CommandRejected(new() { Code = RejectionCodes.EngineTooOld, Detail = $"This version does not know the command '{batch.Action}'." });
        var body = item.Place is null ? BodyOf(batch.Input, item.Subject) : BodyOf(batch.Input, item, item.Place, closes);
        var wait = new ScopeWait(closes < claim.Now + Patience ? closes : claim.Now + Patience);
        return await Commands(entry).SubmitAsync(body, caller, KeyOf(item), wait, batch.OperationId!.Value, cancellationToken);
    }

    internal IBatchCommands Commands(CommandEntry entry) => (IBatchCommands)services.GetRequiredService(typeof(BatchCommands<>).MakeGenericType(entry.Command));

    /// <summary>The command for one tenant.</summary>
    internal static JsonElement BodyOf(JsonElement input, Guid tenant)
    {
        var body = JsonSerializer.SerializeToNode(input)!.AsObject();
        body["tenantId"] = JsonValue.Create(tenant.ToString("d"));
        return JsonSerializer.SerializeToElement(body);
    }

    /// <summary>The upgrade of one place, or its rehearsal.</summary>
    internal static JsonElement BodyOf(JsonElement input, BatchItem item, BatchPlace place, DateTimeOffset? closes)
    {
        var order = input.Deserialize<UpgradeOrder>(Json.Options)!;
        if (item.Rehearsal is not null)
        {
            return JsonSerializer.SerializeToElement(
                new RehearseUpgrade
                {
                    TenantId = new TenantId(item.Subject), Server = place.Place.Server, Database = place.Place.Database, Schema = place.Place.Schema, TargetVersion = order.TargetVersion,
                },
                Json.Options);
        }

        return JsonSerializer.SerializeToElement(
            new UpgradePlace
            {
                TenantId = place.IsShared ? null : new TenantId(item.Subject), Server = place.Place.Server, Database = place.Place.Database, Schema = place.Place.Schema,
                TargetVersion = order.TargetVersion, BackupFirst = order.BackupFirst, ClosesAt = closes,
            },
            Json.Options);
    }

    private static ReplayOperation ReplayOf(Batch batch, BatchItem item)
    {
        var order = batch.Input.Deserialize<ReplayOrder>(Json.Options)!;
        return new()
        {
            OperationId = item.Subject, Reason = batch.Reason, Mode = order.Mode, From = order.From, Skip = order.Skip, ExpectedVersion = item.Version, IdempotencyKey = KeyOf(item),
        };
    }
}
