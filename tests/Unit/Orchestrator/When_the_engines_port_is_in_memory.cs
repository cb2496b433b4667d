using Saga.Tests.Support.EnginePort;

namespace Saga.Tests.Unit.Orchestrator;

public sealed class When_the_engines_port_is_in_memory : EnginePortContract
{
    protected override Task<EngineWorld> NewWorldAsync() => Task.FromResult<EngineWorld>(new InMemoryWorld());
}
