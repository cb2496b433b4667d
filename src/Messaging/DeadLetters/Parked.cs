using MassTransit;

namespace Saga.Messaging.DeadLetters;

/// <summary>Marks a delivery whose messages were handled although no consumer took them, so that later filters do not move it again.</summary>
internal sealed class Parked
{
    public static void Mark(ReceiveContext received) => received.GetOrAddPayload(() => new Parked());

    public static bool Is(ReceiveContext received) => received.HasPayloadType(typeof(Parked));
}
