using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Upgrades;
using Saga.Orchestrator.Batches;
using Saga.Orchestrator.Machine;
using Saga.Orchestrator.Outbox;
using Saga.Orchestrator.Persistence;
using Saga.Registry.Outbox;
using Saga.Registry.Sweep;
using Saga.Registry.Transitions;

namespace Saga.Tests.Simulation;

/// <summary>
/// An orchestrator. The decisions, the conversion of a decision into changes, the messages and the list of what was sent are the product's;
/// the loops around them are copies, because the product's run on timers and threads.
/// </summary>
internal sealed class Orchestrator
{
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PutOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AdmittedPutOff = TimeSpan.FromSeconds(30);
    private const int Page = 200;
    private const int Batches = 10;
    private static readonly TimeSpan BatchClaims = TimeSpan.FromSeconds(30);
    private static readonly CommandCatalogue Catalogue = new([new(BatchPeople.Action, typeof(ReactivateTenant), BatchPeople.Action, [])]);
    private readonly World world;
    private OperationEngine engine = null!;
    private SentMessages sent = null!;
    private IOutboxSession? outbox;
    private WatchedBatchRuns batches = null!;
    private BatchDriver? driver;

    public Orchestrator(World world, string name)
    {
        this.world = world;
        Process = new(world, name);
        Start();
    }

    public SimulatedProcess Process { get; }

    /// <summary>The items that its driver of batches was given and has not begun yet.</summary>
    public IReadOnlySet<(Guid Batch, int Number)> InHand => batches.InHand;

    public static IReadOnlyList<string> LoopNames { get; } = ["relay", "sweeper", "admitter", "granter", "refuser", "beat", "batches"];

    /// <summary>The process ends here and now, and another one starts.</summary>
    public void Kill()
    {
        world.Say($"{Process.Name} is killed{(Process.Paused.Count == 0 ? "" : $" before it would {string.Join(", ", Process.Paused.Select(p => p.AboutTo))}")}");
        Process.Paused.Clear();
        Process.Loops.Clear();
        Process.CloseAll();
        world.Bus.Requeue(Process);
        Start();
    }

    /// <summary>What an orchestrator on an in-memory bus does when it starts.</summary>
    public void Redispatch() => world.Begin(async () =>
    {
        foreach (var (operation, _) in (await world.Storage.Sweep.ListUnfinishedAsync(default)).OrderBy(o => o.Id))
            world.Bus.Put(Process, world.NewId(), Endpoints.Operations, new OperationForgotten { OperationId = operation });
    });

    public void Consume(Envelope envelope)
    {
        envelope.HeldBy = Process;
        world.Begin(() => ConsumeAsync(envelope));
    }

    /// <summary>
    /// Begins a round of a loop, unless one is under way. A beat after the clock was set back moves all operations, so it would wait for
    /// transactions of others, and does not begin while there is one.
    /// </summary>
    public void Loop(string name)
    {
        if (Process.Loops.Contains(name)
            || (name == "batches" && !world.Batches.Exists(b => b.OperationId is not null))
            || (name == "beat" && world.Storage.Locked.Count > 0 && Downtime.Since(world.LastBeat, world.Storage.Now) < TimeSpan.Zero))
        {
            return;
        }

        Process.Loops.Add(name);
        world.Begin(async () =>
        {
            await (name switch
            {
                "relay" => RelayAsync(),
                "sweeper" => SweepAsync(),
                "admitter" => AdmitAsync(),
                "granter" => GrantAsync(),
                "refuser" => world.Storage.ScopeWaits.RefuseExpiredAsync(Page, default),
                "batches" => RunBatchesAsync(),
                _ => BeatAsync(),
            });
            Process.Loops.Remove(name);
        });
    }

    private void Start()
    {
        engine = new(world.Chance.NextDouble);
        sent = new();
        outbox = null;
        batches = new(world, Process);
        driver = null;
    }

    private async Task ConsumeAsync(Envelope envelope)
    {
        var transition = new Transition(envelope.Operation, envelope.Id, alone: false);
        var session = world.Storage.Transitions.OpenSession();
        Process.Open.Add(session);
        var batch = await session.BeginAsync([new OperationMessage(envelope.Operation, envelope.Id)], default);
        var loaded = batch.Find(envelope.Operation);
        if (loaded is not null)
            world.Promises.Loaded(loaded);
        transition.Load(loaded is null ? null : Mutate(loaded), batch.WhyUnreadable(envelope.Operation), batch.Now);
        if (transition is { Unreadable: null, Seen: false, Saga: { } loadedSaga })
            Decide(loadedSaga, envelope.Message);
        transition.Decide();
        var change = transition.Change is { } decided ? Mutate(decided, transition.Saga!) : null;
        world.Say($"{Process.Name} takes {Told.Of(envelope.Message)} of {world.NameOf(envelope.Operation)}{Outcome(transition)}");
        if (world.Mutant == Mutant.AcknowledgesBeforeCommit)
            world.Bus.Acknowledge(envelope);
        if (world.Mutant == Mutant.SendsBeforeCommit && change is not null)
            change.Messages.ToList().ForEach(m => world.Bus.Put(Process, m));
        await Process.Pause("commit");

        var done = sent.Take();
        if (world.Happens(Trouble.CommitFails))
        {
            world.Say($"{Process.Name} cannot commit");
            sent.Return(done);
            await Process.CloseAsync(session);
            envelope.HeldBy = null;
            return;
        }

        await batch.CommitAsync(change is null ? [] : [change], done, Claim, default);
        await Process.CloseAsync(session);
        if (change is not null)
            world.Promises.Committed(change, transition.Saga!, EventOf(envelope.Message), envelope.Id);
        LeakScopes(change);
        if (world.Happens(Trouble.CommitAnswerLost))
        {
            world.Say($"{Process.Name} does not learn that it committed");
            sent.Return(done);
            envelope.HeldBy = null;
            return;
        }

        world.Say($"{Process.Name} commits for {world.NameOf(envelope.Operation)}");
        if (world.Mutant != Mutant.SendsBeforeCommit)
            world.Begin(() => PublishAsync(change?.Messages ?? []));
        await Process.Pause("acknowledge");
        world.Promises.Answered(envelope);
        world.Bus.Acknowledge(envelope);
    }

    private async Task PublishAsync(IReadOnlyList<OutboxMessage> messages)
    {
        foreach (var message in messages)
        {
            await Process.Pause($"send {message.Message.GetType().Name}");
            if (world.Mutant == Mutant.OutboxForgets)
                sent.Add(message.Id);
            if (world.Bus.Put(Process, message))
                sent.Add(message.Id);
        }
    }

    // As the table of the state machine says; a test compares the transitions, and each commit is checked against it.
    private void Decide(OperationSaga saga, object message)
    {
        var decision = (saga.State, message) switch
        {
            (OperationState.Accepted, OperationSubmitted) => engine.Start(saga.Workflow, saga.Progress, saga.Now),
            (OperationState.Accepted or OperationState.Running or OperationState.Compensating, OperationDue) => engine.Wake(saga.Workflow, saga.Progress, saga.Now),
            (OperationState.Accepted or OperationState.Running or OperationState.Compensating, OperationForgotten) => engine.Redispatch(saga.Workflow, saga.Progress, saga.Now),
            (OperationState.Running or OperationState.Compensating, StepSucceeded m) => engine.Succeed(saga.Workflow, saga.Progress, saga.Now, m),
            (OperationState.Running or OperationState.Compensating, StepFailed m) => engine.Fail(saga.Workflow, saga.Progress, saga.Now, m),
            (OperationState.Running or OperationState.Compensating, StepDeferred m) => engine.Defer(saga.Workflow, saga.Progress, saga.Now, m),
            (OperationState.Running or OperationState.Compensating or OperationState.Stalled, ReplayRequested m) => engine.Replay(saga.Workflow, saga.Progress, saga.Now, m),
            (OperationState.Accepted or OperationState.Running or OperationState.Compensating or OperationState.Stalled, CancellationRequested m) =>
                engine.Cancel(saga.Workflow, saga.Progress, saga.Now, m),
            _ => null,
        };
        if (decision is null)
            return;
        saga.Decision = decision;
        (saga.Steps, saga.Failure, saga.Cancellation) = (decision.After.Steps, decision.After.Failure, decision.After.Cancellation);
        saga.CurrentState = decision.After.State.ToString();
    }

    private static string EventOf(object message) => message switch
    {
        OperationSubmitted => nameof(OperationStateMachine.Submitted),
        StepSucceeded => nameof(OperationStateMachine.Succeeded),
        StepFailed => nameof(OperationStateMachine.Failed),
        StepDeferred => nameof(OperationStateMachine.Deferred),
        OperationDue => nameof(OperationStateMachine.Due),
        CancellationRequested => nameof(OperationStateMachine.CancelRequested),
        ReplayRequested => nameof(OperationStateMachine.ReplayRequested),
        _ => nameof(OperationStateMachine.Forgotten),
    };

    private static string Outcome(Transition transition) => transition switch
    {
        { Unreadable: { } why } => $": unreadable, {why}",
        { Seen: true } => ": seen before",
        { Change: { } change } => $": {string.Join(", ", change.History.Select(h => h.Step is null ? h.Event : $"{h.Event} {h.Step}{(h.Fence is { } fence ? $" {fence}" : "")}"))}{(change.Row is { } row ? $" ({row.State}, slot {row.Slot})" : "")}",
        _ => ": nothing changes",
    };

    private async Task RelayAsync()
    {
        if (outbox is null)
            Process.Open.Add(outbox = world.Storage.Outbox.OpenSession());
        foreach (var which in new[] { OutboxPart.Overdue, OutboxPart.Fresh })
        {
            var claimed = await outbox.ClaimAsync(which, Page, Claim, default);
            // The storage claims them in an order, and returns them in any.
            foreach (var message in claimed.Messages.OrderBy(m => m.Id))
            {
                await Process.Pause("relay");
                if (world.Mutant == Mutant.OutboxForgets)
                    sent.Add(message.Id);
                if (world.Bus.Put(Process, message))
                    sent.Add(message.Id);
            }
        }

        var done = sent.Take();
        if (done.Count == 0)
            return;
        await Process.Pause("delete from the outbox");
        await outbox.DeleteAsync(done, default);
    }

    private async Task RunBatchesAsync()
    {
        foreach (var claim in (await world.Storage.BatchRuns.TakeAsync(Batches, BatchClaims, default)).OrderBy(c => c.Batch.Id))
        {
            try
            {
                await (driver ??= Driver(batches)).RunAsync(claim, default);
            }
            catch (NpgsqlException lost) when (lost is not PostgresException)
            {
                world.Say($"{Process.Name} leaves {world.NameOfBatch(claim.Batch.Id)} until its claim ends");
            }
        }
    }

    private BatchDriver Driver(WatchedBatchRuns runs)
    {
        var intake = new BatchIntake(world, Process);
        return new(
            runs, new BatchSubmitter(intake, Catalogue, new OneService(new BatchCommands<ReactivateTenant>(intake))), new UpgradeWindows(Options.Create(new UpgradesOptions()), tenants: null!), new BatchWaits(world, Process),
            NullLogger<BatchDriver>.Instance);
    }

    private async Task BeatAsync()
    {
        await world.Storage.Downtime.BeatAsync(default);
        world.LastBeat = world.Storage.Now;
    }

    private async Task SweepAsync()
    {
        foreach (var operation in (await world.Storage.Sweep.TakeDueAsync(Page, PutOff, default)).Taken.OrderBy(o => o.Id))
        {
            if (world.Mutant == Mutant.SweeperForgets)
                world.Storage.Forget(operation.Id);
            await WakeAsync(operation);
        }
    }

    private async Task AdmitAsync()
    {
        if (!world.Bus.IsUp)
            return;
        var before = await world.Storage.Admission.ReadAsync(world.Slots, default);
        var admitted = await world.Storage.Admission.AdmitAsync(world.Mutant == Mutant.SlotsAreIgnored ? 1000 : world.Slots, AdmittedPutOff, default);
        Promises.Hold(admitted.Operations.Count <= Math.Max(0, before.Slots - before.Used), $"no more operations are admitted than slots are free");
        foreach (var operation in admitted.Operations.OrderBy(o => o.Id))
            await WakeAsync(operation);
    }

    private async Task WakeAsync(SweptOperation operation)
    {
        await Process.Pause($"wake {world.NameOf(operation.Id)}");
        world.Bus.Put(Process, world.NewId(), Endpoints.Operations, new OperationDue { OperationId = operation.Id });
    }

    private async Task GrantAsync()
    {
        if (world.Mutant == Mutant.ScopesAreIgnored)
            world.Storage.FreeScopes();
        var granted = await world.Storage.ScopeWaits.GrantAsync(Page, default);
        foreach (var operation in granted.Operations.Order())
        {
            world.Say($"{Process.Name} grants {world.NameOf(operation)} its scopes");
            world.Promises.Granted(operation);
        }
    }

    private LoadedOperation Mutate(LoadedOperation loaded) => world.Mutant switch
    {
        Mutant.OrderIsIgnored => loaded with { Workflow = loaded.Workflow with { Steps = [.. loaded.Workflow.Steps.Select(s => s with { After = [] })] } },
        Mutant.PivotIsIgnored => loaded with
        {
            Workflow = loaded.Workflow with { Steps = [.. loaded.Workflow.Steps.Select(s => s with { Kind = StepKind.Compensatable })] },
        },
        Mutant.UncertaintyIsForgotten => loaded with { Steps = [.. loaded.Steps.Select(s => s with { UncertainAt = null })] },
        _ => loaded,
    };

    private OperationChange Mutate(OperationChange change, OperationSaga saga)
    {
        change = change with { Messages = [.. change.Messages.Select(m => m with { Id = world.NewId() })] };
        return world.Mutant switch
        {
            Mutant.SlotIsKept when change.Row is { Slot: SlotState.Released } row => change with { Row = row with { Slot = SlotState.Admitted } },
            Mutant.DueTimeIsForgotten when change.Row is { } row => change with { Row = row with { DueAt = null } },
            Mutant.CancellationIsForgotten when change.Row is { } row => change with { Row = row with { Cancellation = null } },
            Mutant.HistoryIsLost => change with { History = [.. change.History.Where(h => h.Event != HistoryEvents.StepSucceeded)] },
            Mutant.FenceIsKept => change with
            {
                Steps = [.. change.Steps.Select(s => s.Step.Attempt > 1 ? s with { Step = s.Step with { Fence = 1 } } : s)],
                Messages = [.. change.Messages.Select(m => m.Message is StepCommand { Attempt: > 1 } command ? m with { Message = command with { Fence = 1 } } : m)],
            },
            _ => change,
        };
    }

    private void LeakScopes(OperationChange? change)
    {
        if (world.Mutant == Mutant.ScopesAreKept && change?.Row is { State: OperationState.Completed } && world.Operations[change.OperationId].Scopes.Count > 0)
            world.Storage.Keep(world.Operations[change.OperationId].Scopes[0], change.OperationId);
    }

    private sealed class OneService(object service) : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(service) ? service : null;
    }
}
