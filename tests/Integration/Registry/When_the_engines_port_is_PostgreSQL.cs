using Saga.Tests.Support;
using Saga.Tests.Support.EnginePort;

namespace Saga.Tests.Integration.Registry;

public sealed class When_the_engines_port_is_PostgreSQL : EnginePortContract
{
    protected override async Task<EngineWorld> NewWorldAsync() => new SqlWorld(await PostgresServer.NewRegistryAsync());
}
