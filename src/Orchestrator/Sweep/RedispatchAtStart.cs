using Microsoft.Extensions.Hosting;
using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Orchestrator.Outbox;
using Saga.Registry.Outbox;
using Saga.Registry.Schema;
using Saga.Registry.Sweep;

namespace Saga.Orchestrator.Sweep;

/// <summary>
/// For the in-memory bus only: messages in flight were lost when the process ended, so every unfinished operation dispatches them
/// again.
/// </summary>
internal sealed class RedispatchAtStart(ISweepStore store, IOutboxSender sender, RegistryAtStart registry) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SweptOperation> unfinished = [];
        await registry.DoAsync(async stop => unfinished = await store.ListUnfinishedAsync(stop), cancellationToken);
        foreach (var (operation, trace) in unfinished)
        {
            await sender.SendAsync(
                new OutboxMessage(Guid.CreateVersion7(), Endpoints.Operations, new OperationForgotten { OperationId = operation }, trace), cancellationToken);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
