using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Workflows;
using Saga.Registry.Leases;

namespace Saga.Tests.Simulation;

/// <summary>
/// A worker. Leases are taken, renewed, checked and released on the product's port; what the product's runtime does between is copied,
/// because it runs on timers and threads.
/// </summary>
internal sealed class Worker(World world, string name)
{
    private static readonly TimeSpan RenewEvery = World.Lease / 3;
    private static readonly TimeSpan LongestLead = TimeSpan.FromSeconds(1);
    private static readonly JsonElement Output = JsonElement.Parse("""{"made":true}""");
    private readonly List<Held> held = [];

    public SimulatedProcess Process { get; } = new(world, name);

    public bool IsIdle => held.Count == 0;

    public void Kill()
    {
        world.Say($"{Process.Name} is killed{(Process.Paused.Count == 0 ? "" : $" before it would {string.Join(", ", Process.Paused.Select(p => p.AboutTo))}")}");
        Process.Paused.Clear();
        foreach (var call in held.Select(h => h.Call).OfType<Call>())
            call.IsAwaited = false;
        held.Clear();
        world.Bus.Requeue(Process);
    }

    public void Consume(Envelope envelope)
    {
        envelope.HeldBy = Process;
        world.Begin(() => ConsumeAsync(envelope, (StepCommand)envelope.Message));
    }

    /// <summary>Renews the leases for which it is time.</summary>
    public void Renew()
    {
        var due = held.FindAll(h => !h.IsLost && world.Time.Now - h.RenewedAt >= RenewEvery);
        if (due.Count > 0 && !world.Happens(Trouble.RenewalMissed))
            world.Begin(() => RenewAsync(due));
    }

    private async Task RenewAsync(List<Held> due)
    {
        var since = world.Time.Now;
        await using var session = world.Storage.Leases.OpenSession(waitsForDisk: true);
        var answer = await session.RenewAsync([.. due.Select(h => h.Lease)], due.Where(h => h.IsReporting).Select(h => h.Lease).ToHashSet(), World.Lease, TimeSpan.Zero, default);
        foreach (var one in due)
        {
            if (answer.Renewed.Contains(one.Lease.Holder))
                one.Renewed(since);
            else
            {
                world.Say($"{Process.Name} finds the lease of {one.Lease.Step} under {one.Lease.Fence} lost");
                one.IsLost = true;
            }
        }
    }

    private async Task ConsumeAsync(Envelope envelope, StepCommand command)
    {
        await Process.Pause($"take the lease of {command.Step}");
        var since = world.Time.Now;
        var lease = new StepLease(command.OperationId, command.Step, command.Fence, world.NewId());
        var (reply, _) = await world.Storage.Leases.TakeAsync(new LeaseRequest(lease, command.AttemptTimeout, command.Deadline), null, World.Lease, default);
        world.Say($"{Process.Name} asks for the lease to {Told.Of(command)} of {world.NameOf(command.OperationId)}: {reply.Outcome}");
        var taken = reply.Outcome == LeaseAnswer.Taken
            || (world.Mutant == Mutant.StaleDispatchIsTaken && reply.Outcome == LeaseAnswer.Stale)
            || (world.Mutant == Mutant.DuplicateIsTaken && reply.Outcome == LeaseAnswer.Duplicate);
        if (reply.Outcome == LeaseAnswer.Busy)
            await ReportAsync(Deferred(command, "lease", reply.Remaining + TimeSpan.FromMilliseconds(100)) with { WithoutLease = true });
        else if (taken)
        {
            var left = command.AttemptTimeout ?? TimeSpan.FromDays(1);
            var holding = new Held(lease, since, since + left - (left / 10 < LongestLead ? left / 10 : LongestLead));
            held.Add(holding);
            world.Begin(() => AttemptAsync(command, holding));
        }

        await Process.Pause("acknowledge");
        world.Bus.Acknowledge(envelope);
    }

    private async Task AttemptAsync(StepCommand command, Held holding)
    {
        world.Outside.Begin(command.OperationId, command.Step, command.Fence);
        var report = await WorkAsync(command, holding);
        if (holding.Call is { } call)
            call.IsAwaited = false;
        holding.IsReporting = true;
        var reported = false;
        while (!reported)
        {
            await Process.Pause($"report {command.Step}");
            reported = world.Bus.Put(Process, world.NewId(), Endpoints.Operations, report);
        }

        held.Remove(holding);
        await Process.Pause($"release the lease of {command.Step}");
        await using var session = world.Storage.Leases.OpenSession(waitsForDisk: true);
        await session.ReleaseAsync([holding.Lease], new HashSet<StepLease>(), default);
    }

    private async Task<StepReport> WorkAsync(StepCommand command, Held holding)
    {
        var operation = world.Operations[command.OperationId];
        var definition = operation.Definition(command.Step);
        var back = command is CompensateStep;
        var inputs = await world.Storage.StepInputs.ReadAsync(command.OperationId, back ? [] : definition.Needs, definition.NeedsInput, default);
        foreach (var need in back ? [] : definition.Needs)
            Promises.Hold(inputs.Outputs.ContainsKey(need) || !operation[command.Step].Status.IsDispatched || operation[command.Step].Fence != command.Fence, $"{operation.Name}: {command.Step} finds the output of {need}");
        if (world.Mutant == Mutant.ReportsBeforeActing && world.OneIn(3))
            return Succeeded(command, operation);
        if (Refuses(command, operation, definition) is { } refusal)
            return refusal;
        var lingers = operation.Lingers[command.Step];
        await Process.Pause($"act in {command.Step}");
        if (await IsOverAsync(command, holding) is { } over)
            return over;
        if (world.Mutant == Mutant.CompensationDoesNothing && back)
            return Succeeded(command, operation);
        if (lingers == TimeSpan.Zero)
        {
            // One transaction under the lease.
            world.Outside.Act(operation, command.Step, command.Fence, back);
            if (world.Happens(Trouble.AnswerOfEffectLost))
                return Failed(command, FailureKind.Transient, "answer-lost") with { OutcomeUnknown = true };
        }
        else
        {
            // The call may wait for a connection, after the lease was checked in the registry.
            await Process.Pause($"call for {command.Step}");
            if (!holding.Stands(world.Time.Now) && world.Mutant != Mutant.LeaseIsNotChecked)
                return Lost(command);
            var call = holding.Call = new Call(operation, command.Step, command.Fence, back, world.Time.Now + lingers - TimeSpan.FromMilliseconds(1));
            world.Outside.Calls.Add(call);
            world.Say($"{Process.Name} calls for {operation.Name} {command.Step} (under {command.Fence})");
            await Process.Pause($"wait for the answer to {command.Step}");
            if (holding.IsLost)
                return Lost(command);
            if (world.Time.Now >= holding.EndsAt)
                return TimedOut(command);
            if (!call.HasLanded)
            {
                if (!world.Outside.Calls.Contains(call) || world.Happens(Trouble.EffectLate))
                    return Deferred(command, "outside", TimeSpan.FromSeconds(1)) with { OutcomeUnknown = true };
                world.Outside.Land(call);
            }

            if (world.Happens(Trouble.AnswerOfEffectLost))
                return Failed(command, FailureKind.Outage, "answer-lost") with { OutcomeUnknown = true };
        }

        return Succeeded(command, operation);
    }

    // A step that finds what it would make succeeds, so only one that has not acted fails for good.
    private StepReport? Refuses(StepCommand command, SimulatedOperation operation, StepDefinition definition)
    {
        if (world.Happens(Trouble.OutsideDown))
            return Deferred(command, "outside", TimeSpan.FromSeconds(1 + world.Chance.Next(20)));
        if (world.Happens(Trouble.StepFails))
            return Failed(command, FailureKind.Transient, "transient");
        if (!world.Happens(Trouble.StepFailsForGood))
            return null;
        return definition.Kind == StepKind.Pivot && world.Outside.Exists(operation.Id, command.Step) ? null : Failed(command, FailureKind.Permanent, "permanent");
    }

    private async Task<StepReport?> IsOverAsync(StepCommand command, Held holding)
    {
        if (world.Mutant == Mutant.LeaseIsNotChecked)
            return null;
        if (holding.IsLost || !holding.Stands(world.Time.Now))
            return Lost(command);
        if (world.Time.Now >= holding.EndsAt)
            return TimedOut(command);
        try
        {
            await world.Storage.LeaseCheck.RequireAsync(holding.Lease, default);
            return null;
        }
        catch (LeaseLostException)
        {
            return Lost(command);
        }
    }

    private async Task ReportAsync(StepReport report)
    {
        await Process.Pause($"report {report.Step}");
        // Without an answer the dispatch is delivered again.
        world.Bus.Put(Process, world.NewId(), Endpoints.Operations, report);
    }

    private static StepSucceeded Succeeded(StepCommand command, SimulatedOperation operation) => new()
    {
        OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, Output = command is CompensateStep ? null : Output,
        LingersFor = command is CompensateStep && operation.Lingers[command.Step] is var lingers && lingers > TimeSpan.Zero ? lingers : null,
    };

    private static StepFailed Failed(StepCommand command, FailureKind kind, string code) => new()
    {
        OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, Failure = new() { Code = code, Message = "It failed.", Kind = kind },
    };

    private static StepDeferred Deferred(StepCommand command, string system, TimeSpan after) => new()
    {
        OperationId = command.OperationId, Step = command.Step, Fence = command.Fence, System = system, Reason = "It waits.", RetryAfter = after,
    };

    private static StepDeferred Lost(StepCommand command) => Deferred(command, "lease", TimeSpan.FromMilliseconds(500)) with { OutcomeUnknown = true };

    private static StepFailed TimedOut(StepCommand command) => Failed(command, FailureKind.Transient, "timed-out") with { OutcomeUnknown = true };

    private sealed class Held(StepLease lease, DateTimeOffset since, DateTimeOffset endsAt)
    {
        private DateTimeOffset until = Until(since);

        public StepLease Lease { get; } = lease;

        /// <summary>When its attempt's time is over, a little before the orchestrator gives up on it.</summary>
        public DateTimeOffset EndsAt { get; } = endsAt;

        public DateTimeOffset RenewedAt { get; private set; } = since;

        /// <summary>Whether a renewal found that the lease is another's.</summary>
        public bool IsLost { get; set; }

        public bool IsReporting { get; set; }

        public Call? Call { get; set; }

        public bool Stands(DateTimeOffset now) => !IsLost && now < until;

        public void Renewed(DateTimeOffset at)
        {
            RenewedAt = at;
            until = Until(at);
        }

        // A fifth less than the registry assumes.
        private static DateTimeOffset Until(DateTimeOffset since) => since + (World.Lease * 0.8);
    }
}
