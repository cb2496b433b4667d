using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Batches;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Replays;
using Saga.Registry.Schedule;
using Saga.Registry.Scopes;

namespace Saga.Tests.Simulation;

/// <summary>
/// Where the items of batches are ordered. It asks the storage in the order in which the product's intakes do, and knows no other rules of theirs. A day
/// of patience is some minutes here, so that schedules come to rest.
/// </summary>
internal sealed class BatchIntake(World world, SimulatedProcess process) : ICommandIntake<ReplayOperation>, ICommandIntake<ReactivateTenant>
{
    private static readonly byte[] Hash = [1];

    public async Task<IntakeOutcome> SubmitAsync(ReactivateTenant command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null)
    {
        var batch = world.Batches.First(b => b.OperationId == parent);
        var item = batch.Items.First(i => i.Subject == command.TenantId.Value);
        return await AcceptAsync(batch, item, Key(usualKey!), parent, () => new(world.NewId(), Name(batch, item), batch.Workflow!)
        {
            Scopes = [SimulatedBatch.ScopeOf(item.Subject)], Key = Key(batch, item),
        }, batch.Lingers);
    }

    public async Task<IntakeOutcome> SubmitAsync(ReplayOperation command, Caller caller, CancellationToken cancellationToken, string? usualKey = null, Guid? messageId = null, ScopeWait? wait = null, ScheduleClaim? claim = null, ReplayedOperation? replayOf = null, Guid? parent = null)
    {
        command = command with { IdempotencyKey = Key(command.IdempotencyKey!) };
        var batch = world.Batches.First(b => b.Caller == caller.ToString());
        var item = batch.Items.First(i => i.Subject == command.OperationId);
        var known = world.Operations[command.OperationId];
        await process.Pause($"look at {known.Name}");
        if (await world.Storage.Operators.FindEndedAsync(command.OperationId) is { } ended)
        {
            if (await world.Storage.Acceptances.FindAsync(caller.ToString(), command.IdempotencyKey!, cancellationToken) is null && RefusalOf(command, ended) is { } refusal)
                return Rejected(refusal, "It is refused.");
            return await AcceptAsync(batch, item, command.IdempotencyKey!, parent, () => new(world.NewId(), Name(batch, item), known.Workflow)
            {
                Scopes = known.Scopes, Key = Key(batch, item), ReplayOf = known.Id,
            }, known.Lingers);
        }

        await process.Pause($"order {known.Name}");
        await UnlockedAsync(known.Id);
        var reading = (await world.Storage.Operators.ReplayAsync(command, caller.ToString(), parent))!;
        world.Say($"{batch.Name} orders {known.Name}: {reading.Result}");
        if (reading.Result is ReplayResult.Moved or ReplayResult.Refused)
            return Rejected(reading.Result == ReplayResult.Moved ? RejectionCodes.OperationMoved : RejectionCodes.OperationNotReplayable, "It is refused.");
        if (reading.Result == ReplayResult.Accepted)
        {
            world.Promises.Submitted(item, known, world.LastId);
            await world.Promises.KeepsItsWaveAsync(item);
            LoseAnswer();
        }

        return new CommandAccepted(known.Id, null, IsReplay: reading.Result == ReplayResult.Repeated);
    }

    public Task<CommandRejected> RejectAsync(OperationRejected rejection, Caller caller, CancellationToken cancellationToken, Guid? messageId = null) => Task.FromResult(new CommandRejected(rejection));

    public Task<CommandPreview> PlanAsync(ReplayOperation command, CancellationToken cancellationToken) => throw new NotSupportedException("Nobody previews it.");

    public Task<CommandPreview> PlanAsync(ReactivateTenant command, CancellationToken cancellationToken) => throw new NotSupportedException("Nobody previews it.");

    private static string Key(SimulatedBatch batch, SimulatedItem item) => $"{batch.Name} item {item.Number}";

    private string Name(SimulatedBatch batch, SimulatedItem item) => $"operation-{world.Operations.Count + 1} ({Key(batch, item)})";

    // For a planted bug.
    private string Key(string key) => world.Mutant == Mutant.ItemHasAnotherKey ? $"{key}-{world.NewId()}" : key;

    private async Task<IntakeOutcome> AcceptAsync(SimulatedBatch batch, SimulatedItem item, string key, Guid? parent, Func<SimulatedOperation> begin, Dictionary<string, TimeSpan> lingers)
    {
        await process.Pause($"look for item {item.Number} of {batch.Name}");
        if (await KnownAsync(batch, key) is { } known)
            return known;
        await process.Pause($"accept item {item.Number} of {batch.Name}");
        if (parent is { } whole)
            await UnlockedAsync(whole);
        var (needsSlot, limit) = (!world.OneIn(3), TimeSpan.FromSeconds(world.Chance.Next(1, 300)));
        var operation = begin();
        foreach (var (step, lasts) in lingers)
            operation.Lingers[step] = lasts;
        try
        {
            var conflict = await world.Storage.Acceptances.AcceptAsync(null, (_, now) => new Acceptance
            {
                OperationId = operation.Id, TenantId = null, ParentId = parent, Scopes = operation.Scopes, Workflow = world.Stored(operation.Workflow), Input = "{}", Priority = OperationPriority.Batch,
                Caller = batch.Caller, At = now, AuditAction = AuditActions.TenantReactivate, AuditDetail = "{}", NeedsSlot = needsSlot, Wait = new ScopeWait(now + limit), Key = new IdempotencyKey(key, Hash),
                ReplayOf = operation.ReplayOf is { } replayed ? new ReplayedOperation(replayed, "It is mended.") : null,
            }, default);
            if (conflict is not null)
            {
                world.Say($"item {item.Number} of {batch.Name} is refused: {conflict.GetType().Name}");
                return Rejected(conflict is AcceptanceConflict.ParentEnded ? RejectionCodes.ParentEnded : RejectionCodes.OperationNotReplayable, "It is refused.");
            }
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return (await KnownAsync(batch, key))!;
        }

        world.Operations.Add(operation.Id, operation);
        world.Say($"item {item.Number} of {batch.Name} is accepted as {operation.Name}, scopes {string.Join(", ", operation.Scopes)}");
        world.Promises.Accepted(operation);
        world.Promises.Submitted(item, operation, order: null);
        await world.Promises.KeepsItsWaveAsync(item);
        LoseAnswer();
        return new CommandAccepted(operation.Id, null, IsReplay: false);
    }

    private async Task<CommandAccepted?> KnownAsync(SimulatedBatch batch, string key) =>
        await world.Storage.Acceptances.FindAsync(batch.Caller, key, default) is { } known ? new(known.OperationId, null, IsReplay: true) : null;

    // In the registry it would wait for the transition.
    private async Task UnlockedAsync(Guid operation)
    {
        while (world.IsLocked(operation))
            await process.Pause($"lock {world.NameOf(operation)}");
    }

    private void LoseAnswer()
    {
        if (!world.Happens(Trouble.AcceptanceAnswerLost))
            return;
        world.Say($"{process.Name} does not learn that it was accepted");
        throw new NpgsqlException("The connection broke.");
    }

    private static string? RefusalOf(ReplayOperation order, EndedOperation ended) =>
        ended.Replay is not null ? RejectionCodes.OperationNotReplayable
        : order.ExpectedVersion is { } expected && expected != ended.Version ? RejectionCodes.OperationMoved
        : order.Mode is not null || order.Skip.Count > 0 ? RejectionCodes.Validation : null;

    private static CommandRejected Rejected(string code, string why) => new(new() { Code = code, Detail = why });
}
