using MassTransit;

namespace Saga.Messaging.DeadLetters;

/// <summary>Marks a delivery whose messages are dealt with, though no consumer took one: what comes after must not move it again.</summary>
internal sealed class Parked
{
    public static void Mark(ReceiveContext received) => received.GetOrAddPayload(() => new Parked());

    public static bool Is(ReceiveContext received) => received.HasPayloadType(typeof(Parked));
}
