using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Batches;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Batches;
using Saga.Registry.Audit;
using Saga.Registry.Batches;
using Saga.Registry.Intake;

namespace Saga.Tests.Simulation;

/// <summary>Operators who prepare batches, run them, and pause, resume and abort them whenever they like.</summary>
internal sealed class BatchPeople(World world)
{
    /// <summary>The kind of the commands that batches give.</summary>
    public const string Action = "random";

    private const int MostBatches = 2;
    private const int Patience = 5;
    private static readonly byte[] Hash = [1];
    private static readonly decimal[] Ratios = [0, 0.2m, 0.5m, 1];
    private static readonly int?[] Rates = [null, null, 60, 10];
    private static readonly JsonElement NoInput = JsonElement.Parse("{}");

    private SimulatedProcess Process => world.People.Process;

    /// <summary>Prepares a batch and runs it.</summary>
    /// <param name="replays">Whether its items are orders for operations, instead of commands for tenants.</param>
    public void Begin(bool replays)
    {
        if (world.Batches.Count >= MostBatches || (replays && world.Operations.Count == 0))
            return;
        var subjects = replays
            ? world.Operations.Values.Where(o => o.Batch is null && World.IsAtRest(o.Known.State) && o.Known.State != OperationState.Completed && !world.OneIn(4)).Select(o => o.Id).ToList()
            : SimulatedBatch.Tenants.Where(_ => !world.OneIn(3)).ToList();
        if (subjects.Count == 0)
            return;
        var workflow = world.Workflow ?? Workflow();
        var batch = new SimulatedBatch(world.NewId(), $"batch-{world.Batches.Count + 1}", replays ? BatchKind.Replays : BatchKind.Commands)
        {
            Workflow = workflow,
            Lingers = workflow.Steps.ToDictionary(s => s.Name, s => s.Kind == StepKind.Compensatable && world.OneIn(4) ? TimeSpan.FromSeconds(world.Chance.Next(1, 31)) : TimeSpan.Zero, StringComparer.Ordinal),
        };
        var mode = world.Chance.Next(4) switch { 0 => ReplayMode.Forward, 1 => ReplayMode.Compensate, _ => (ReplayMode?)null };
        var first = world.Chance.Next(1, 4);
        var pace = new BatchPace(first, world.Chance.Next(1, 4), Math.Max(first, world.Chance.Next(1, 6)), Rates[world.Chance.Next(Rates.Length)], Ratios[world.Chance.Next(Ratios.Length)]);
        world.Batches.Add(batch);
        world.Begin(() => RunAsync(batch, subjects, mode, pace));
    }

    /// <summary>Orders something of a batch.</summary>
    public void Order()
    {
        if (world.Batches.Count == 0)
            return;
        var batch = world.Batches[world.Chance.Next(world.Batches.Count)];
        var order = world.Chance.Next(5) switch { < 2 => BatchOrder.Pause, < 4 => BatchOrder.Resume, _ => BatchOrder.Abort };
        world.Begin(() => OrderAsync(batch, order));
    }

    // Small, because a batch has several of them.
    private WorkflowDefinition Workflow()
    {
        var (undoes, decides) = (world.OneIn(2), world.OneIn(2));
        List<StepDefinition> steps = [Step("first", undoes || !decides ? StepKind.Compensatable : StepKind.Pivot, [])];
        if (undoes && decides)
            steps.Add(Step("pivot", StepKind.Pivot, ["first"]));
        if (decides && world.OneIn(3))
            steps.Add(Step("last", StepKind.Retriable, [steps[^1].Name]));
        return new WorkflowDefinition { Kind = Action, Version = 1, Steps = steps }.Validated();
    }

    private StepDefinition Step(string name, StepKind kind, string[] after) => new()
    {
        Name = name, Worker = "worker-0", Kind = kind, After = after, MaxAttempts = world.Chance.Next(1, 3), AttemptTimeout = TimeSpan.FromSeconds(world.Chance.Next(5, 30)),
        Deadline = TimeSpan.FromSeconds(world.Chance.Next(30, 300)), DeferredAtMost = TimeSpan.FromSeconds(world.Chance.Next(5, 30)), CompensationDeadline = TimeSpan.FromSeconds(world.Chance.Next(10, 300)),
    };

    private async Task RunAsync(SimulatedBatch batch, List<Guid> subjects, ReplayMode? mode, BatchPace pace)
    {
        await Process.Pause($"prepare {batch.Name}");
        var now = world.Storage.Now;
        var prepared = new Batch
        {
            Id = batch.Id, Kind = batch.Kind, State = BatchState.Prepared, Action = batch.Kind == BatchKind.Commands ? Action : null, Pace = pace, Reason = "It is mended.", PreparedBy = "ada",
            Input = batch.Kind == BatchKind.Commands ? NoInput : JsonSerializer.SerializeToElement(new ReplayOrder { Mode = mode }, Json.Options), CreatedAt = now, ExpiresAt = now + BatchPreparation.Lasts,
        };
        var count = batch.Kind == BatchKind.Replays ? await world.Storage.Operators.PrepareReplaysAsync(prepared, subjects, mode) : await world.Storage.Operators.PrepareCommandsAsync(prepared, subjects);
        batch.Items = [.. (await world.Storage.Operators.ItemsAsync(batch.Id)).Select(i => new SimulatedItem(batch, i.Number, i.Subject))];
        Promises.Hold(count == subjects.Count && batch.Items.Select(i => i.Subject).Order().SequenceEqual(subjects.Order()), $"{batch.Name} has what was chosen");
        world.Say($"{batch.Name} of {batch.Kind}{(mode is null ? "" : $" ({mode})")} is prepared for {string.Join(", ", subjects.Select(world.NameOf))}: {pace}");
        for (var tries = 0; tries < Patience; tries++)
        {
            await Process.Pause($"run {batch.Name}");
            if (!await BeginAsync(batch) || !world.Happens(Trouble.AcceptanceAnswerLost))
                return;
            world.Say($"the operator does not learn that {batch.Name} runs");
        }
    }

    private async Task<bool> BeginAsync(SimulatedBatch batch)
    {
        if (await world.Storage.Acceptances.FindAsync("ada", batch.Name, default) is not null)
            return false;
        await Process.Pause($"accept {batch.Name}");
        var operation = new SimulatedOperation(world.NewId(), $"operation-{world.Operations.Count + 1} ({batch.Name})", RunBatchWorkflow.Definition) { Scopes = [], Key = batch.Name, Batch = batch };
        operation.Lingers[RunBatchWorkflow.Step] = TimeSpan.Zero;
        try
        {
            var conflict = await world.Storage.Operators.RunAsync(batch.Id, now => new()
            {
                OperationId = operation.Id, TenantId = null, Scopes = [], Workflow = world.Stored(operation.Workflow), Input = "{}", Caller = "ada", At = now, AuditAction = AuditActions.BatchRun,
                AuditDetail = "{}", NeedsSlot = false, Key = new(batch.Name, Hash),
            });
            Promises.Hold(conflict is null, $"{batch.Name} holds no scopes and has no parent");
        }
        catch (PostgresException refused) when (refused.SqlState == BatchStore.NotPrepared)
        {
            world.Say($"{batch.Name} is not prepared any more");
            return false;
        }

        world.Operations.Add(operation.Id, operation);
        Promises.Hold(batch.OperationId is null, $"{batch.Name} runs once");
        batch.OperationId = operation.Id;
        world.Say($"{batch.Name} runs as {operation.Name}");
        world.Promises.Accepted(operation);
        return true;
    }

    private async Task OrderAsync(SimulatedBatch batch, BatchOrder order)
    {
        await Process.Pause($"{order} {batch.Name}");
        if (batch.Items.Count == 0)
            return;
        var before = (await world.Storage.Operators.FindAsync(batch.Id))!;
        var refusal = await world.Storage.Operators.OrderAsync(batch.Id, order, "ada", "It is time.");
        world.Say($"an operator orders of {batch.Name}: {order}{(refusal == "" ? "" : $", refused: {refusal}")}");
        if (refusal != "" || (await world.Storage.Operators.FindAsync(batch.Id))!.State == before.State)
            return;
        if (order == BatchOrder.Resume)
            world.Promises.Resumed(batch.Id);
        else
            world.Promises.Halted(batch.Id);
    }
}
