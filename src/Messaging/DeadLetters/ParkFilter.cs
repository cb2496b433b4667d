using MassTransit;
using Saga.Contracts.DeadLetters;
using Saga.Messaging.Batching;

namespace Saga.Messaging.DeadLetters;

/// <summary>
/// Turns a failed message into a dead letter, so that it does not block the others; it then counts as consumed. A cancelled message
/// does not become a dead letter: the broker delivers it again.
/// </summary>
internal sealed class ParkFilter(string queue, Type? untyped, DeadLetterSender letters) : IFilter<ConsumeContext>
{
    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        try
        {
            await next.Send(context);
        }
        catch (ConsumerCanceledException error)
        {
            throw new OperationCanceledException(error.Message, error);
        }
        catch (Exception error) when (error is not OperationCanceledException && !context.CancellationToken.IsCancellationRequested)
        {
            if (error is UnconsumableException known)
                await ParkAsync(context, known.Reason, known.Message);
            else
                await ParkAsync(context, Unreadable.Is(error) ? DeadLetterReasons.Unreadable : DeadLetterReasons.Failed, Cause.Of(error));
            return;
        }

        if (context is BatchedContext { Taken: false })
            await ParkAsync(context, DeadLetterReasons.NoConsumer, $"No consumer of {queue} takes messages of this type.");
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("park");

    private async Task ParkAsync(ConsumeContext context, string reason, string detail)
    {
        await letters.SendAsync(
            context is BatchedContext batched
                ? DeadLetterSender.Of(queue, batched.Message, reason, detail)
                : DeadLetterSender.Of(queue, context.ReceiveContext, untyped, reason, detail),
            context.CancellationToken);
        Parked.Mark(context.ReceiveContext);
    }
}
