using System.Text.Json;
using Saga.Contracts;
using Saga.Messaging;
using Saga.Workers.Runtime;

namespace Saga.Tests.NextHost;

/// <summary>A step that says how far it is, in a message that only tomorrow's version knows, over a queue that today's reads, too.</summary>
internal sealed class ProgressingStep(string name, QueueSender queues) : IStep
{
    /// <summary>Tomorrow's contracts have it; this program is compiled against today's.</summary>
    public static Type Message { get; } = MessageTypes.Find("Saga.Contracts.Steps.StepProgressed");

    public string Name { get; } = name;

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        var message = JsonSerializer.SerializeToElement(new { operationId = context.OperationId, step = Name }, Json.Options).Deserialize(Message, Json.Options)!;
        await queues.SendAsync(Endpoints.Operations, message, Guid.CreateVersion7(), cancellationToken);
        return null;
    }

    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
}
