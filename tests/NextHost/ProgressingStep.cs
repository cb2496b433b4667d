using System.Text.Json;
using Saga.Contracts;
using Saga.Messaging;
using Saga.Workers.Runtime;

namespace Saga.Tests.NextHost;

/// <summary>A step that reports its progress in a message that only the next version knows, on a queue that the current version also reads.</summary>
internal sealed class ProgressingStep(string name, QueueSender queues) : IStep
{
    /// <summary>The next version's contracts have this type, but this program is compiled against the current ones.</summary>
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
