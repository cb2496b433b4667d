using MassTransit;
using Saga.Contracts.DeadLetters;
using Saga.Registry.DeadLetters;

namespace Saga.Orchestrator.DeadLetters;

/// <summary>Writes dead letters to the registry, where operators can see and return them.</summary>
internal sealed class DeadLetterConsumer(DeadLetterStore letters) : IConsumer<DeadLetter>
{
    public Task Consume(ConsumeContext<DeadLetter> context) => letters.KeepAsync(context.Message, context.CancellationToken);
}
