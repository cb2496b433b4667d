using Saga.Engine.Operations;
using Saga.Engine.Workflows;

namespace Saga.Tests.Simulation;

/// <summary>
/// One run. The scheduler chooses what happens next until there was trouble enough, then lets everything work until nothing moves, and
/// then asks operators to repair what stalled.
/// </summary>
internal sealed class Schedule
{
    private const int MostTurns = 4000;
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(25);
    private readonly World world;
    private readonly Random chance;

    private readonly int? compared;
    private int steps;

    private Schedule(World simulated, int? every)
    {
        world = simulated;
        compared = every;
        chance = simulated.Chance;
    }

    /// <summary>Runs a schedule.</summary>
    /// <param name="random">Its random numbers; all of it follows from them.</param>
    /// <param name="mutant">A planted bug.</param>
    /// <param name="trace">Takes a line for each step; null for none.</param>
    /// <param name="workflow">That of all commands; null for one that the random numbers make for each.</param>
    /// <returns>How its operations ended.</returns>
    /// <exception cref="BrokenPromiseException">A promise was broken.</exception>
    public static IReadOnlyList<OperationState> Run(Random random, Mutant mutant = Mutant.None, List<string>? trace = null, WorkflowDefinition? workflow = null) =>
        Run(random, mutant, trace, (time, newId) => new StorageInMemory(time, newId), every: null, workflow);

    /// <summary>Runs a schedule on another storage.</summary>
    /// <param name="random">Its random numbers; all of it follows from them.</param>
    /// <param name="mutant">A planted bug.</param>
    /// <param name="trace">Takes a line for each step; null for none.</param>
    /// <param name="store">Makes the storage.</param>
    /// <param name="every">After how many steps the trace says what is stored; null for never.</param>
    /// <param name="workflow">That of all commands; null for one that the random numbers make for each.</param>
    /// <returns>How its operations ended.</returns>
    /// <exception cref="BrokenPromiseException">A promise was broken.</exception>
    public static IReadOnlyList<OperationState> Run(
        Random random, Mutant mutant, List<string>? trace, Func<SimulatedTime, Func<Guid>, SimulatedStorage> store, int? every, WorkflowDefinition? workflow = null)
    {
        var simulated = new World(random, mutant, trace, store) { Workflow = workflow };
        try
        {
            new Schedule(simulated, every).Run();
        }
        finally
        {
            simulated.End();
        }

        return [.. simulated.Operations.Values.Select(o => o.Known.State)];
    }

    private void Run()
    {
        for (var commands = chance.Next(1, 3); commands > 0; commands--)
            world.People.Command();
        if (world.OneIn(3))
            world.Operators.Begin(replays: false);
        Trouble(chance.Next(20, 400));
        Settle();
        for (var orders = chance.Next(3); orders > 0 && world.Operations.Values.Any(o => o.Known.State == OperationState.Stalled); orders--)
        {
            world.IsTroubled = chance.Next(2) == 0;
            if (world.OneIn(3))
                world.Operators.Begin(replays: !world.OneIn(4));
            else if (world.OneIn(3))
                world.Operators.Order();
            else
                world.People.Mend();
            Trouble(world.IsTroubled ? chance.Next(100) : 0);
            Settle();
        }

        Compare(now: true);
        world.Promises.Rest();
    }

    private void Compare(bool now)
    {
        if (compared is { } every && (++steps % every == 0 || now))
            world.SayWhatIsStored();
    }

    private void Trouble(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step();
            Check();
            Compare(now: false);
        }
    }

    private void Step()
    {
        switch (chance.Next(20))
        {
            case < 6:
                if (!Deliver())
                    GoOn();
                break;
            case < 12:
                if (!GoOn())
                    Deliver();
                break;
            case < 15:
                var orchestrator = world.Orchestrators[chance.Next(2)];
                if (!IsFrozen(orchestrator.Process))
                    orchestrator.Loop(Orchestrator.LoopNames[chance.Next(Orchestrator.LoopNames.Count)]);
                break;
            case < 16:
                Pass(TimeSpan.FromMilliseconds(chance.Next(3) == 0 ? chance.Next(1, 8000) : chance.Next(1, 900)));
                break;
            case < 18:
                world.People.Act();
                break;
            default:
                Harm();
                break;
        }
    }

    // Something of a process goes on.
    private bool GoOn()
    {
        var start = chance.Next(5);
        for (var i = 0; i < 5; i++)
        {
            var process = Processes((start + i) % 5);
            if (process.Paused.Count == 0 || IsFrozen(process))
                continue;
            var which = chance.Next(process.Paused.Count);
            var goOn = process.Paused[which].GoOn;
            process.Paused.RemoveAt(which);
            world.Run(goOn);
            return true;
        }

        return false;
    }

    private SimulatedProcess Processes(int index) => index switch
    {
        < 2 => world.Orchestrators[index].Process,
        < 4 => world.Workers[index - 2].Process,
        _ => world.People.Process,
    };

    private bool Deliver()
    {
        var ready = world.Bus.Ready;
        for (var tries = 0; ready.Count > 0 && tries < 4; tries++)
        {
            if (Deliver(ready[chance.Next(ready.Count)]))
                return true;
        }

        return false;
    }

    private bool Deliver(Envelope envelope)
    {
        if (envelope.HeldBy is not null)
            return false;
        if (!envelope.IsOrder && world.Happens(Simulation.Trouble.MessageLost))
        {
            world.Say($"the broker loses {Told.Of(envelope.Message)} of {world.NameOf(envelope.Operation)}");
            world.Bus.Acknowledge(envelope);
            return true;
        }

        if (world.Happens(Simulation.Trouble.MessageRepeated))
            world.Bus.Ready.Add(new(envelope.Id, envelope.Queue, envelope.Message));
        if (Bus.IsForWorkers(envelope))
        {
            var worker = world.Workers[chance.Next(2)];
            if (IsFrozen(worker.Process))
                return false;
            worker.Consume(envelope);
            return true;
        }

        // Its row is locked, so the transition would wait.
        var orchestrator = world.Orchestrators[chance.Next(2)];
        if (world.IsLocked(envelope.Operation) || IsFrozen(orchestrator.Process))
            return false;
        orchestrator.Consume(envelope);
        return true;
    }

    private bool IsFrozen(SimulatedProcess process) => process.FrozenUntil > world.Time.Now;

    /// <summary>Time passes. Calls take effect, or do not, before it is too late for them.</summary>
    private void Pass(TimeSpan time)
    {
        var until = world.Time.Now + time;
        while (world.Outside.Calls.Where(c => c.EndsAt <= until).MinBy(c => c.EndsAt) is { } call)
        {
            world.Time.Now = call.EndsAt > world.Time.Now ? call.EndsAt : world.Time.Now;
            if (chance.Next(3) == 0)
                world.Outside.Drop(call);
            else
                world.Outside.Land(call);
        }

        world.Time.Now = until;
        foreach (var worker in world.Workers)
        {
            if (!IsFrozen(worker.Process))
                worker.Renew();
        }
    }

    private void Harm()
    {
        switch (chance.Next(12))
        {
            case 0 when world.HasTrouble(Simulation.Trouble.OrchestratorKilled):
                world.Orchestrators[chance.Next(2)].Kill();
                break;
            case 1 when world.HasTrouble(Simulation.Trouble.WorkerKilled):
                world.Workers[chance.Next(2)].Kill();
                break;
            case 2 when world.HasTrouble(Simulation.Trouble.ProcessFrozen):
                var frozen = Processes(chance.Next(4));
                frozen.FrozenUntil = world.Time.Now + TimeSpan.FromSeconds(chance.Next(1, 40));
                world.Say($"{frozen.Name} freezes until {(frozen.FrozenUntil - SimulatedTime.Start).TotalSeconds}");
                break;
            case 3 when world.HasTrouble(Simulation.Trouble.BrokerDown):
                world.Bus.IsUp = !world.Bus.IsUp;
                world.Say($"the broker is {(world.Bus.IsUp ? "up" : "down")}");
                break;
            case 4 when world.HasTrouble(Simulation.Trouble.BusWiped) && chance.Next(4) == 0:
                Wipe();
                break;
            case 5 or 6 when world.HasTrouble(Simulation.Trouble.LateCopy) && world.Bus.Past.Count > 0:
                var past = world.Bus.Past[chance.Next(world.Bus.Past.Count)];
                world.Say($"a copy of {Told.Of(past.Message)} of {world.NameOf(past.Operation)} arrives");
                world.Bus.Ready.Add(new(past.Id, past.Queue, past.Message));
                break;
            case 7 or 8 when world.Outside.Calls.Count > 0:
                var call = world.Outside.Calls[chance.Next(world.Outside.Calls.Count)];
                world.Outside.Land(call);
                break;
            case 9 when world.HasTrouble(Simulation.Trouble.ClockSetBack) && chance.Next(4) == 0:
                Jump(-TimeSpan.FromSeconds(chance.Next(1, 600)));
                break;
            // What is under way measures its time with a clock that does not jump, so it would be late by the registry's.
            case 10 when world.HasTrouble(Simulation.Trouble.ClockSetForward) && chance.Next(4) == 0 && world.Outside.Calls.Count == 0 && world.Workers.All(w => w.IsIdle):
                Jump(TimeSpan.FromSeconds(chance.Next(1, 600)));
                break;
            case 11 when world.HasTrouble(Simulation.Trouble.LongPause) && chance.Next(3) == 0:
                var pause = TimeSpan.FromSeconds(chance.Next(10, 120));
                world.Say($"nothing happens for {pause.TotalSeconds} s");
                Pass(pause);
                break;
        }
    }

    // The in-memory bus ends with its process, and so does everything in that process.
    private void Wipe()
    {
        world.Say($"the process with the in-memory bus ends, and all messages with it");
        world.Promises.Wiped(world.Bus.Ready);
        world.Bus.Ready.Clear();
        foreach (var worker in world.Workers)
            worker.Kill();
        foreach (var orchestrator in world.Orchestrators)
            orchestrator.Kill();
        world.Orchestrators[0].Redispatch();
    }

    private void Jump(TimeSpan by)
    {
        world.Storage.Offset += by;
        world.Say($"the registry's clock is set by {by.TotalSeconds} s");
    }

    /// <summary>Lets everything work until nothing moves any more.</summary>
    private void Settle()
    {
        Compare(now: true);
        world.IsTroubled = false;
        world.Bus.IsUp = true;
        foreach (var index in Enumerable.Range(0, 4))
            Processes(index).FrozenUntil = default;
        world.Say($"from here on everything works");
        var step = TimeSpan.FromMilliseconds(200);
        for (var turn = 0; ; turn++)
        {
            if (turn > MostTurns)
                throw new BrokenPromiseException($"Broken: it comes to rest. Left are {string.Join(", ", world.Operations.Values.Where(o => !World.IsAtRest(o.Known.State)).Select(o => $"{o.Name}: {o.Known.State}, slot {world.Storage.SlotOf(o.Id)}{(world.Storage.ScopeQueue.Any(w => w.Operation == o.Id && w.Refusing) ? ", being refused" : "")}"))}; {world.Bus.Ready.Count} messages, {world.Storage.Messages} in the outbox.");
            var moved = Drain();
            foreach (var orchestrator in world.Orchestrators)
            {
                foreach (var loop in Orchestrator.LoopNames)
                    orchestrator.Loop(loop);
            }

            moved |= Drain();
            Check();
            Compare(now: false);
            if (!moved && IsAtRest())
                return;
            world.People.AnswerWhatNeedsThem();
            step = moved ? TimeSpan.FromMilliseconds(200) : step * 2 < LongestStep ? step * 2 : LongestStep;
            Pass(step);
        }
    }

    // Until nothing can go on and nothing can be delivered. Returns whether messages moved.
    private bool Drain()
    {
        var moved = false;
        for (var i = 0; ; i++)
        {
            if (i > 20_000)
                throw new BrokenPromiseException("Broken: messages do not run in a circle.");
            if (GoOn())
                continue;
            if (!Deliver() && !DeliverAny())
                return moved;
            moved = true;
            Check();
        }
    }

    private bool DeliverAny() => world.Bus.Ready.ToList().Exists(Deliver);

    private bool IsAtRest() =>
        world.Operations.Values.All(o => World.IsAtRest(o.Known.State) || world.IsBlocked(o) || world.StandsForWaitingBatch(o)) && world.Bus.Ready.Count == 0 && world.Outside.Calls.Count == 0
        && world.Workers.All(w => w.IsIdle) && world.Storage.Messages == 0 && world.BatchesRest();

    private void Check()
    {
        if (world.Broken is BrokenPromiseException known)
            throw known;
        if (world.Broken is { } error)
            throw new BrokenPromiseException($"Broken: nothing fails by itself. {error}", error);
    }
}
