using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Embedded;

namespace Saga.Tests.Integration.Identity;

/// <summary>The services of an embedded directory.</summary>
internal static class EmbeddedDirectories
{
    /// <summary>Several processes may create the directory in the database at the same time.</summary>
    public static async Task<ServiceProvider> CreateAsync(NpgsqlDataSource registry, int processes = 1)
    {
        await Task.WhenAll(Enumerable.Range(0, processes).Select(_ => EmbeddedDirectorySchema.EnsureAsync(registry, CancellationToken.None)));
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Saga:Mode", "embedded"), new("Saga:Identity:Adapter", "embedded")]).Build();
        return new ServiceCollection().AddDirectory(configuration).AddSingleton(registry).BuildServiceProvider();
    }
}
