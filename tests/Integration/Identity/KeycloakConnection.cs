using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Repair;

namespace Saga.Tests.Integration.Identity;

/// <summary>A client of a stub or of a real server, configured like a worker but with short timeouts.</summary>
public sealed class KeycloakConnection : IAsyncDisposable
{
    private readonly ServiceProvider services;

    public KeycloakConnection(KeycloakStub stub, IEnumerable<(string Key, string Value)>? settings = null, TimeProvider? time = null)
        : this(stub.Settings, settings, time)
    {
    }

    public KeycloakConnection(IReadOnlyDictionary<string, string?> server, IEnumerable<(string Key, string Value)>? settings = null, TimeProvider? time = null)
    {
        var values = new Dictionary<string, string?>(server, StringComparer.Ordinal)
        {
            ["Saga:Identity:Keycloak:RetryDelayMilliseconds"] = "5",
            ["Saga:Identity:Keycloak:TimeoutSeconds"] = "5",
        };
        foreach (var (key, value) in settings ?? [])
            values["Saga:Identity:Keycloak:" + key] = value;
        var collection = new ServiceCollection().AddLogging();
        if (time is not null)
            collection.AddSingleton(time);
        services = collection.AddDirectory(new ConfigurationBuilder().AddInMemoryCollection(values).Build()).BuildServiceProvider();
        Directory = services.GetRequiredService<IDirectory>();
    }

    public IDirectory Directory { get; }

    public IFormerRole FormerRole => services.GetRequiredService<IFormerRole>();

    public Task<IdentityCheckReport> CheckAsync() => services.GetRequiredService<IIdentityCheck>().RunAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
