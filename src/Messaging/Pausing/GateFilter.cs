using MassTransit;

namespace Saga.Messaging.Pausing;

/// <summary>
/// Lets messages through while the gate is open. A message that failed because the prerequisite is unavailable waits until it is
/// back and is then consumed. It is never lost and never becomes a dead letter, however long the outage lasts.
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

            // The prerequisite answers, but this message still finds it unavailable: slow down.
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
