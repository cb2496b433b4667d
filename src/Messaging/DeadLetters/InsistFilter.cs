using MassTransit;

namespace Saga.Messaging.DeadLetters;

/// <summary>Retries until it succeeds, because a dead letter that cannot be stored has no other place to go.</summary>
internal sealed class InsistFilter(TimeProvider time) : IFilter<ConsumeContext>
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(30);

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        for (var delay = TimeSpan.FromSeconds(1); ; delay = delay * 2 < MaxDelay ? delay * 2 : MaxDelay)
        {
            try
            {
                await next.Send(context);
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException && !context.CancellationToken.IsCancellationRequested)
            {
                LogContext.Error?.Log(error, "A dead letter could not be stored; trying again.");
            }

            await Task.Delay(delay, time, context.CancellationToken);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("insist");
}
