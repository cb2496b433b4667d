using Saga.Tests.Support;

namespace Saga.Tests.Integration.Database;

/// <summary>A prepared PostgreSQL server for one test class, which changes what affects every tenant on it.</summary>
public sealed class OwnServer : UnpreparedServer
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await TestProvisioner.PrepareAsync(ConnectionString);
    }
}
