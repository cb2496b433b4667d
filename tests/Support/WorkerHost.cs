using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Workers.Runtime;

namespace Saga.Tests.Support;

/// <summary>Workers registered like in a host, with the test's registry or without one.</summary>
public sealed class WorkerHost : IAsyncDisposable
{
    private readonly ServiceProvider services;

    public WorkerHost(NpgsqlDataSource? registry, Action<IServiceCollection, IConfiguration> add, params (string Key, string? Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Saga:Registry:ConnectionString", "Host=nowhere.invalid"),
            new("Saga:Sealing:ActiveKey", "k1"),
            new("Saga:Sealing:MasterKeys:k1", Convert.ToBase64String(new byte[32])),
            new("Saga:Runtime:Keys:r1", RuntimeLogin.Key),
            new("Saga:Runtime:Registry:ConnectionString", registry is null ? "Host=nowhere.invalid" : RuntimeLogin.On(registry.ConnectionString)),
        ]).AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, s.Value))).Build();
        var collection = new ServiceCollection().AddLogging();
        add(collection, configuration);
        // The last registration counts.
        if (registry is not null)
            collection.AddSingleton(registry);
        services = collection.BuildServiceProvider();
    }

    public static TenantId NewTenant() => new(Guid.CreateVersion7());

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    public IStep Step(string name) => services.GetServices<IStep>().Single(s => s.Name == name);

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
