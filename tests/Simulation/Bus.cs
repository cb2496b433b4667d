using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Registry.Outbox;

namespace Saga.Tests.Simulation;

/// <summary>A message that the broker has.</summary>
internal sealed class Envelope(Guid id, string queue, object message)
{
    public Guid Id { get; } = id;

    public string Queue { get; } = queue;

    public object Message { get; } = message;

    /// <summary>The process that has it and has not acknowledged it.</summary>
    public SimulatedProcess? HeldBy { get; set; }

    public bool IsOrder => Message is CancellationRequested or ReplayRequested;

    public Guid Operation => Message switch
    {
        StepCommand m => m.OperationId,
        StepReport m => m.OperationId,
        OperationSubmitted m => m.OperationId,
        OperationDue m => m.OperationId,
        OperationForgotten m => m.OperationId,
        CancellationRequested m => m.OperationId,
        ReplayRequested m => m.OperationId,
        _ => throw new InvalidOperationException($"Nobody reads {Message.GetType().Name} from a queue."),
    };
}

/// <summary>A broker that delivers in any order. The scheduler has it lose, repeat and refuse messages.</summary>
internal sealed class Bus(World world)
{
    public List<Envelope> Ready { get; } = [];

    /// <summary>Everything that it ever had. A copy may arrive much later.</summary>
    public List<Envelope> Past { get; } = [];

    /// <summary>Whether it accepts messages.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>Hands over a message.</summary>
    /// <returns>Whether the broker confirmed it. It may have a message that it did not confirm.</returns>
    public bool Put(SimulatedProcess sender, Guid id, string? queue, object message)
    {
        if (message is StepCommand command)
            Promises.Hold(command.Fence <= world.Operations[command.OperationId][command.Step].Fence, $"{world.NameOf(command.OperationId)}: {command.Step} is sent under {command.Fence} after that was committed");
        if (!IsUp)
        {
            world.Say($"{sender.Name} cannot send {Told.Of(message)}: the broker is down");
            return false;
        }

        // Events have subscribers, of which the engine knows nothing.
        if (queue is not null)
        {
            var envelope = new Envelope(id, queue, message);
            Ready.Add(envelope);
            Past.Add(envelope);
        }

        world.Say($"{sender.Name} sends {Told.Of(message)}");
        if (!world.Happens(Trouble.ConfirmationLost))
            return true;
        world.Say($"the confirmation is lost");
        return false;
    }

    public bool Put(SimulatedProcess sender, OutboxMessage message) => Put(sender, message.Id, message.Queue, message.Message);

    public void Acknowledge(Envelope envelope) => Ready.Remove(envelope);

    public void Requeue(SimulatedProcess process)
    {
        foreach (var envelope in Ready)
        {
            if (envelope.HeldBy == process)
                envelope.HeldBy = null;
        }
    }

    public static bool IsForWorkers(Envelope envelope) => Endpoints.IsWorker(envelope.Queue);
}
