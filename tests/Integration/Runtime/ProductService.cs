using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Tenancy.Configuration;
using Saga.Tenancy.Connections;
using Saga.Tenancy.Sealing;
using Saga.Tests.Support;

namespace Saga.Tests.Integration.Runtime;

/// <summary>A product service's configuration: a runtime login and runtime keys, without access to the control plane.</summary>
internal sealed class ProductService : IAsyncDisposable
{
    private readonly ServiceProvider services;

    public ProductService(NpgsqlDataSource registry, params (string Id, string Key)[] keys)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Runtime:Registry:ConnectionString", RuntimeLogin.On(registry.ConnectionString)),
            .. keys.Select(k => KeyValuePair.Create<string, string?>($"Saga:Runtime:Keys:{k.Id}", k.Key)),
        ]).Build();
        services = new ServiceCollection().AddLogging().AddTenantConnections(configuration).AddTenantSettings(configuration).BuildServiceProvider();
    }

    public TenantCredentials Credentials => services.GetRequiredService<TenantCredentials>();

    public TenantSettings Settings => services.GetRequiredService<TenantSettings>();

    public TenantConnections Connections => services.GetRequiredService<TenantConnections>();

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
