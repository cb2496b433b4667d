using MassTransit;
using Saga.Contracts.DeadLetters;
using Saga.Registry.DeadLetters;

namespace Saga.Orchestrator.DeadLetters;

/// <summary>Writes dead letters into the registry, where operators see them and return them.</summary>
internal sealed class DeadLetterConsumer(DeadLetterStore letters) : IConsumer<DeadLetter>
{
    public Task Consume(ConsumeContext<DeadLetter> context) => letters.KeepAsync(context.Message, context.CancellationToken);
}
