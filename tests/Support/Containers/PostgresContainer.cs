using Npgsql;
using Testcontainers.PostgreSql;

namespace Saga.Tests.Support.Containers;

/// <summary>PostgreSQL from an image, for all tests of a process.</summary>
internal static class PostgresContainer
{
    private const string Image = "postgres:15";

    /// <returns>The superuser's connection string.</returns>
    public static async Task<string> StartAsync()
    {
        var container = new PostgreSqlBuilder(Image)
            .WithCommand("-c", "max_connections=400", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
            .Build();
        AtEnd.Do(() => container.DisposeAsync().AsTask());
        await container.StartAsync();
        return new NpgsqlConnectionStringBuilder(container.GetConnectionString()) { Database = "postgres", SslMode = SslMode.Disable, IncludeErrorDetail = true }.ConnectionString;
    }
}
