using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Tests.Support;
using Saga.Workers.Identity;

namespace Saga.Tests.Integration.Identity;

public sealed class When_the_directory_is_embedded : DirectoryContract
{
    private NpgsqlDataSource registry = null!;
    private ServiceProvider services = null!;

    public override async ValueTask InitializeAsync()
    {
        registry = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync("directory"));
        services = await EmbeddedDirectories.CreateAsync(registry, processes: 3);
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
