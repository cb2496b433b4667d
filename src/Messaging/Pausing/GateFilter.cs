using MassTransit;

namespace Saga.Messaging.Pausing;

/// <summary>
/// Lets messages through while the gate is open. One that failed since the prerequisite is away waits until it is back, and
/// is consumed then: it is neither lost nor a dead letter, however long that takes.
/// </summary>
internal sealed class GateFilter(Gate gate, Prerequisite prerequisite, TimeProvider time) : IFilter<ConsumeContext>
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(10);

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        for (var tries = 0; ; tries++)
        {
            await gate.OpenedAsync(context.CancellationToken);
            try
            {
                await next.Send(context);
                return;
            }
            catch (Exception error) when (prerequisite.IsAway(error) && !context.CancellationToken.IsCancellationRequested)
            {
                gate.Close(error);
            }

            // It answers, and yet this message finds it away: not in a hurry.
            if (tries > 0)
                await Task.Delay(Delay(tries), time, context.CancellationToken);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("gate");

    private static TimeSpan Delay(int tries)
    {
        var delay = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(tries, 10)));
        return delay < MaxDelay ? delay : MaxDelay;
    }
}
