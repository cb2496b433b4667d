using MassTransit;
using Saga.Contracts.DeadLetters;

namespace Saga.Messaging.DeadLetters;

/// <summary>
/// Replaces the queues <c>_error</c> and <c>_skipped</c>, which nothing reads. Messages that cannot be deserialized, and messages
/// without a consumer on the endpoint, become dead letters too.
/// </summary>
internal sealed class ParkReceivedFilter(string queue, Type? untyped, DeadLetterSender letters) : IFilter<ExceptionReceiveContext>, IFilter<ReceiveContext>
{
    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        await letters.SendAsync(
            DeadLetterSender.Of(
                queue, context, untyped, Unreadable.Is(context.Exception) ? DeadLetterReasons.Unreadable : DeadLetterReasons.Failed, Cause.Of(context.Exception)),
            context.CancellationToken);
        Parked.Mark(context);
    }

    public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) => Parked.Is(context) ? Task.CompletedTask : letters.SendAsync(
        DeadLetterSender.Of(queue, context, untyped, DeadLetterReasons.NoConsumer, $"No consumer of {queue} takes messages of this type."),
        context.CancellationToken);

    public void Probe(ProbeContext context) => context.CreateFilterScope("park");
}
