using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine;
using Saga.Engine.Operations;
using Saga.Engine.Replays;
using Saga.Engine.Waits;
using Saga.Engine.Workflows;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Outbox;
using Saga.Registry.Scopes;
using Saga.Tests.Support.Chance;

namespace Saga.Tests.Simulation;

/// <summary>Callers who send commands and send them again, and operators who cancel, answer, and order replays whenever they like.</summary>
internal sealed class People(World world)
{
    private const int MostOperations = 4;
    private const int Patience = 5;
    private static readonly string[] Scopes = ["tenant:a", "tenant:b", "fleet"];
    private static readonly JsonElement Output = JsonElement.Parse("""{"by":"hand"}""");
    private static readonly byte[] Hash = [1];
    private int commands;

    public SimulatedProcess Process { get; } = new(world, "people");

    public void Act()
    {
        switch (world.Chance.Next(8))
        {
            case 0 when Commands < MostOperations:
                Command();
                break;
            case 1 when world.OneIn(2):
                Cancel();
                break;
            case 2 or 3:
                Replay();
                break;
            case 4:
                world.Operators.Order();
                break;
            case 5 when world.OneIn(4):
                world.Operators.Begin(replays: true);
                break;
            default:
                Answer(onlyEndless: false);
                break;
        }
    }

    /// <summary>Sends a command.</summary>
    public void Command()
    {
        var caller = $"caller-{commands % 2}";
        var name = $"command-{++commands}";
        var workflow = Workflow();
        var scopes = Scopes.Where(_ => world.OneIn(2)).DefaultIfEmpty(Scopes[0]).ToList();
        var (needsSlot, waits, limit) = (!world.OneIn(4), !world.OneIn(3), world.OneIn(2) ? TimeSpan.FromSeconds(world.Chance.Next(1, 300)) : (TimeSpan?)null);
        var parent = world.OneIn(4) ? Any(_ => true)?.Id : null;
        var lingers = workflow.Steps.ToDictionary(
            s => s.Name, s => s.Kind == StepKind.Compensatable && world.OneIn(2) ? TimeSpan.FromSeconds(world.Chance.Next(1, 31)) : TimeSpan.Zero, StringComparer.Ordinal);
        world.Begin(() => CommandAsync(name, caller, workflow, lingers, scopes, needsSlot, waits, limit, parent, replayOf: null));
    }

    /// <summary>Does what only people can do about an operation that would wait for ever.</summary>
    public void AnswerWhatNeedsThem() => Answer(onlyEndless: true);

    /// <summary>Does something about an operation that stalled.</summary>
    public void Mend()
    {
        if (world.OneIn(3))
            Cancel();
        else
            Replay();
    }

    // Those of batches come in addition.
    private int Commands => world.Operations.Values.Count(o => o.Batch is null && o.Items.Count == 0);

    private static string Describe(WorkflowDefinition workflow) => string.Join(
        "; ", workflow.Steps.Select(s => $"{s.Name} ({(s.Wait is { } wait ? $"waits for {wait.For}" : s.Kind)}{(s.After.Count > 0 ? $", after {string.Join(", ", s.After)}" : "")})"));

    private WorkflowDefinition Workflow()
    {
        var workflow = world.Workflow ?? RandomWorkflow.Make(world.Chance);
        var works = workflow.Steps.Where(s => s.Wait is null).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var steps = workflow.Steps.Select(s => s.Wait is null ? s with { Needs = [.. s.After.Where(a => works.Contains(a) && world.OneIn(2))] } : s);
        return workflow with
        {
            Steps = [.. steps],
            Forced = world.OneIn(2) ? new() { Completed = TenantStatus.Active, Undone = TenantStatus.Failed, Statable = [.. works], Dispensable = [.. works.Where(_ => world.OneIn(3))] } : null,
        };
    }

    private async Task CommandAsync(
        string name, string caller, WorkflowDefinition workflow, Dictionary<string, TimeSpan> lingers, List<string> scopes, bool needsSlot, bool waits, TimeSpan? limit, Guid? parent, Guid? replayOf)
    {
        for (var tries = 0; tries < Patience; tries++)
        {
            await Process.Pause($"send {name}");
            var key = world.Mutant == Mutant.KeyIsNotKept ? $"{name}-{tries}" : name;
            if (await world.Storage.Acceptances.FindAsync(caller, key, default) is { } known)
            {
                Promises.Hold(world.Operations.ContainsKey(known.OperationId), $"{name} has an operation");
                return;
            }

            await Process.Pause($"accept {name}");
            // In the registry the acceptance would wait for its parent's transition.
            if (parent is { } locked && world.IsLocked(locked))
                continue;
            var operation = new SimulatedOperation(world.NewId(), $"operation-{world.Operations.Count + 1}", workflow) { Scopes = scopes, Key = name, ReplayOf = replayOf };
            foreach (var (step, lasts) in lingers)
                operation.Lingers[step] = lasts;
            if (!await AcceptAsync(operation, caller, key, needsSlot, waits, limit, parent))
                return;
            if (!world.Happens(Trouble.AcceptanceAnswerLost))
                return;
            world.Say($"the caller does not learn that {name} was accepted");
        }
    }

    private async Task<bool> AcceptAsync(SimulatedOperation operation, string caller, string key, bool needsSlot, bool waits, TimeSpan? limit, Guid? parent)
    {
        var ended = parent is { } above && world.Operations[above].Known.State.HasEnded();
        try
        {
            var conflict = await world.Storage.Acceptances.AcceptAsync(null, (_, now) => new Acceptance
            {
                OperationId = operation.Id, TenantId = null, ParentId = parent, Scopes = operation.Scopes, Workflow = world.Stored(operation.Workflow), Input = "{}",
                Priority = (OperationPriority)(world.Operations.Count % 3), Caller = caller, At = now, AuditAction = AuditActions.TenantProvision, AuditDetail = "{}", NeedsSlot = needsSlot, Wait = waits ? new ScopeWait(now + limit) : null,
                Key = new IdempotencyKey(key, Hash), ReplayOf = operation.ReplayOf is { } replayed ? new ReplayedOperation(replayed, "It is time.") : null,
            }, default);
            if (conflict is not null)
            {
                world.Say($"{key} is refused: {conflict.GetType().Name}");
                return false;
            }
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Another try of it was faster.
            return true;
        }

        world.Operations.Add(operation.Id, operation);
        world.Say($"{key} is accepted as {operation.Name}, scopes {string.Join(", ", operation.Scopes)}: {(world.IsTraced ? Describe(operation.Workflow) : "")}");
        Promises.Hold(!ended, $"{operation.Name} is not accepted after its parent has ended");
        world.Promises.Accepted(operation);
        return true;
    }

    private void Cancel()
    {
        if (Any(o => !o.Known.State.HasEnded()) is { } operation)
            Order(operation, new CancellationRequested { OperationId = operation.Id, Actor = "ada", Reason = "It is not needed." });
    }

    private void Replay()
    {
        if (Any(o => o.Batch is null && World.IsAtRest(o.Known.State) && !world.IsLocked(o.Id)) is not { } operation)
            return;
        if (operation.Known.State is OperationState.Compensated or OperationState.Cancelled && Commands < MostOperations)
        {
            var name = $"command-{++commands}";
            world.Begin(() => CommandAsync(name, "operator", operation.Workflow, operation.Lingers, [.. operation.Scopes], needsSlot: true, waits: true, limit: null, parent: null, operation.Id));
            return;
        }

        world.Begin(async () =>
        {
            // What the operator saw may be old when the order is carried out.
            var (progress, order) = (await LoadAsync(operation), OrderFor(operation));
            if (progress is not null && ReplayRules.Plan(operation.Workflow, progress, order) is ReplayAnswer.Planned { Plan: var plan })
                Order(operation, new ReplayRequested { OperationId = operation.Id, Actor = "ada", Reason = "It is mended.", Order = order, Plan = plan.Digest });
        });
    }

    private async Task<Engine.Decisions.Progress?> LoadAsync(SimulatedOperation operation)
    {
        await using var session = world.Storage.Transitions.OpenSession();
        await using var batch = await session.BeginAsync([new(operation.Id, world.NewId())], default);
        return batch.Find(operation.Id) is { } loaded
            ? new(loaded.Stored.State, loaded.Steps, loaded.Stored.Failure) { Cancellation = loaded.Stored.Cancellation, WaitsForScope = loaded.Stored.Slot == SlotState.Waiting }
            : null;
    }

    private ReplayOrder OrderFor(SimulatedOperation operation)
    {
        var names = operation.Workflow.Steps.Select(s => s.Name).ToList();
        if (operation.Workflow.Forced is not null && world.OneIn(3))
            return Forced(operation);
        var mode = world.Chance.Next(3) switch { 0 => ReplayMode.Forward, 1 => ReplayMode.Compensate, _ => (ReplayMode?)null };
        return new()
        {
            Mode = mode,
            From = world.OneIn(4) ? names[world.Chance.Next(names.Count)] : null,
            Skip =
            [
                .. names.Where(n => world.OneIn(operation[n].Status.Phase == StepPhase.Failed ? 4 : 20))
                    .Select(n => new SkippedStep { Step = n, Reason = "It is done by hand.", Output = mode == ReplayMode.Forward ? Output : null }),
            ],
        };
    }

    // Mostly what the order must state; what it is worth is the operator's business.
    private ReplayOrder Forced(SimulatedOperation operation)
    {
        var back = operation.Known.Steps.Any(s => s.Status.IsBack || s.Status.Phase == StepPhase.Skipped);
        var states = new SortedDictionary<string, StatedEffect>(StringComparer.Ordinal);
        foreach (var definition in operation.Workflow.Steps)
        {
            var run = operation[definition.Name];
            var undoes = definition is { Kind: StepKind.Compensatable, Wait: null } && (run.Status is { IsBack: true, Phase: StepPhase.Failed } || run.MayHaveActed);
            if ((back ? undoes : !run.Status.IsPassed) != world.OneIn(20))
                states.Add(definition.Name, back != world.OneIn(20) ? StatedEffect.Absent : StatedEffect.Done);
        }

        return new()
        {
            Mode = ReplayMode.ForceComplete, States = states,
            Skip = back ? [] : [.. states.Where(s => s.Value == StatedEffect.Done).Select(s => new SkippedStep { Step = s.Key, Reason = "It was seen.", Output = Output })],
        };
    }

    private void Answer(bool onlyEndless)
    {
        foreach (var operation in world.Operations.Values.Where(o => !o.Known.State.HasEnded() && !world.IsLocked(o.Id)).ToList())
        {
            foreach (var definition in operation.Workflow.Steps.Where(s => s.Wait is not null))
            {
                var step = operation[definition.Name];
                if (onlyEndless ? step.Status.IsAwaiting && step.DueAt is null : (step.Status.IsAwaiting || definition.Wait!.For == WaitKind.Signal) && world.OneIn(operation.Batch is null ? 3 : 30))
                    world.Begin(() => AnswerAsync(operation, definition, definition.Wait!));
            }
        }
    }

    private async Task AnswerAsync(SimulatedOperation operation, StepDefinition definition, WaitDefinition wait)
    {
        var kind = wait.For switch
        {
            WaitKind.Approval => world.OneIn(3) ? WaitAnswerKind.Rejected : WaitAnswerKind.Approved,
            WaitKind.Signal => WaitAnswerKind.Signalled,
            _ => WaitAnswerKind.Ended,
        };
        var request = new WaitRequest { Step = kind == WaitAnswerKind.Signalled ? null : definition.Name, Signal = wait.Signal, Answer = new() { Kind = kind, By = "ada", At = default } };
        if (await world.Storage.Waits.AnswerAsync(operation.Id, request, default) is WaitMatch.Found)
            world.Say($"{definition.Name} of {operation.Name} is answered: {kind}");
    }

    private void Order(SimulatedOperation operation, object order)
    {
        var message = new OutboxMessage(world.NewId(), Endpoints.Orders, order);
        world.Say($"an operator orders for {operation.Name}: {Told.Of(order)}");
        world.Promises.Ordered(message.Id, operation.Id);
        world.Storage.Add(message);
    }

    private SimulatedOperation? Any(Func<SimulatedOperation, bool> which)
    {
        var some = world.Operations.Values.Where(which).ToList();
        return some.Count == 0 ? null : some[world.Chance.Next(some.Count)];
    }
}
