using Saga.Contracts.Identifiers;
using Saga.Engine.Workflows;
using Saga.Registry.Leases;
using Saga.Tests.Support.InMemory;

namespace Saga.Tests.Support.EnginePort;

public sealed class InMemoryWorld : EngineWorld
{
    private readonly InMemoryRegistry registry;

    public InMemoryWorld()
        : this(new InMemoryRegistry(TimeProvider.System))
    {
    }

    private InMemoryWorld(InMemoryRegistry registry)
        : base(registry) => this.registry = registry;

    public override void Advance(TimeSpan by) => registry.Offset += by;

    public override Task<Guid> AcceptAsync(WorkflowDefinition workflow)
    {
        var id = Guid.CreateVersion7();
        registry.Accept(id, new TenantId(Guid.CreateVersion7()), workflow, null);
        return Task.FromResult(id);
    }

    public override Task WriteAsync(Guid id, string type, string? queue, string body)
    {
        registry.Add(id, type, queue, body, null);
        return Task.CompletedTask;
    }

    public override Task MakeUnreadableAsync(Guid operation)
    {
        registry.MakeUnreadable(operation, "This version does not know the status 'levitating' of a step.");
        return Task.CompletedTask;
    }

    public override Task MakeReadableAsync(Guid operation)
    {
        registry.MakeUnreadable(operation, null);
        return Task.CompletedTask;
    }

    public override Task<IAsyncDisposable> LockAsync(StepLease lease)
    {
        registry.LockStep(lease.OperationId, lease.Step, locked: true);
        return Task.FromResult<IAsyncDisposable>(new Unlock(registry, lease));
    }

    public override Task<IReadOnlyList<string>> HistoryAsync(Guid operation) => Task.FromResult(registry.History(operation));

    private sealed class Unlock(InMemoryRegistry registry, StepLease lease) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            registry.LockStep(lease.OperationId, lease.Step, locked: false);
            return ValueTask.CompletedTask;
        }
    }
}
