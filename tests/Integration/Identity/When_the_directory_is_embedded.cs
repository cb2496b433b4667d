using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Tests.Support;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Embedded;

namespace Saga.Tests.Integration.Identity;

public sealed class When_the_directory_is_embedded : DirectoryContract
{
    private NpgsqlDataSource registry = null!;
    private ServiceProvider services = null!;

    public override async ValueTask InitializeAsync()
    {
        registry = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync("directory"));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => EmbeddedDirectorySchema.EnsureAsync(registry, CancellationToken.None)));
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Saga:Mode", "embedded"), new("Saga:Identity:Adapter", "embedded")]).Build();
        services = new ServiceCollection().AddDirectory(configuration).AddSingleton(registry).BuildServiceProvider();
        Directory = services.GetRequiredService<IDirectory>();
    }

    public override async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await registry.DisposeAsync();
    }

    protected override async Task SeedUserAsync(string email, bool enabled, bool verified)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "insert into embedded_identity.users (id, email, enabled, email_verified) values (@Id, @email, @enabled, @verified)",
            new { Id = Guid.CreateVersion7(), email, enabled, verified });
    }
}
