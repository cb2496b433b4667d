using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Hosting.Health;
using Saga.Host.Embedded;
using Saga.Registry.Connections;
using Saga.Registry.Processes;
using Saga.Tests.Support;
using Saga.Workers.Database.Servers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Connections;

/// <summary>A PostgreSQL of 30 connections, 3 of them reserved, and processes with budgets of their own.</summary>
public sealed class When_processes_may_open_more_connections_than_a_server_allows(When_processes_may_open_more_connections_than_a_server_allows.SmallServer server)
    : IClassFixture<When_processes_may_open_more_connections_than_a_server_allows.SmallServer>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_be_degraded_and_say_which_server_and_what_to_change()
    {
        var registry = await server.NewRegistryAsync();
        using var first = await StartAsync(registry, server.Tenants, 10, 16);
        (await HealthAsync(first)).ShouldBe((HealthStatus.Healthy, null), "26 of 27");
        using var second = await StartAsync(registry, server.Tenants, 10, 16);

        var expected =
            "2 processes may open 52 connections to the PostgreSQL server of Saga:Databases:Servers:main and Saga:Registry, which allows 27 (max_connections = 30, 3 of them reserved). " +
            "Set its max_connections to 55 or more, lower Saga:Databases:MaxConnectionsPerServer or Saga:Registry:MaxConnections, or run fewer processes.";
        (await HealthAsync(first)).ShouldBe((HealthStatus.Degraded, expected));
        (await HealthAsync(second)).ShouldBe((HealthStatus.Degraded, expected), "whoever is asked");

        await second.StopAsync(Cancellation);
        (await HealthAsync(first)).Status.ShouldBe(HealthStatus.Healthy, "only processes that run count");
        await first.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Should_count_another_server_for_itself()
    {
        var registry = await server.NewRegistryAsync();
        using var host = await StartAsync(registry, await PostgresServer.AdminConnectionStringAsync(), 20, 40);

        (await HealthAsync(host)).Status.ShouldBe(HealthStatus.Healthy, "20 of 27 here, and 40 of hundreds there");

        await host.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Should_tell_the_whole_budget_of_a_process()
    {
        var registry = await server.NewRegistryAsync();
        using var host = await StartAsync(registry, server.Tenants, 8, 5);

        (await host.Services.GetRequiredService<ProcessStore>().ListAsync(Cancellation)).ShouldHaveSingleItem().ConnectionBudget.ShouldBe(13);

        await host.StopAsync(Cancellation);
    }

    private static async Task<(HealthStatus Status, string? Detail)> HealthAsync(IHost host)
    {
        var entry = (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancellation)).Entries["connections"];
        return (entry.Status, entry.Description);
    }

    private static async Task<IHost> StartAsync(string registry, string tenants, int registryConnections, int tenantConnections)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
        [
            new("Saga:Registry:ConnectionString", registry),
            new("Saga:Registry:MaxConnections", $"{registryConnections}"),
            new("Saga:Databases:Servers:main:ConnectionString", tenants),
            new("Saga:Databases:MaxConnectionsPerServer", $"{tenantConnections}"),
        ]);
        builder.Services.AddDatabaseServers(builder.Configuration).AddHealth();
        var host = builder.Build();
        await host.StartAsync(Cancellation);
        var store = host.Services.GetRequiredService<ConnectionStore>();
        await Until.TrueAsync(async () => (await store.TotalsAsync(Cancellation)) is { Count: > 0 } totals && totals.All(t => t.Identity is not null), "every server is known");
        return host;
    }

    public sealed class SmallServer : IAsyncLifetime
    {
        private PrivatePostgres postgres = null!;
        private DirectoryInfo folder = null!;
        private int count;

        /// <summary>The same server by another name than the registry's.</summary>
        public string Tenants => postgres.ConnectionString("postgres").Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

        public async Task<string> NewRegistryAsync()
        {
            var name = $"registry_{Interlocked.Increment(ref count)}";
            await using var connection = new NpgsqlConnection(postgres.ConnectionString("postgres") + ";Pooling=false");
            await connection.OpenAsync(Cancellation);
            await using var create = new NpgsqlCommand($"create database {name}", connection);
            await create.ExecuteNonQueryAsync(Cancellation);
            return postgres.ConnectionString(name);
        }

        public async ValueTask InitializeAsync()
        {
            folder = Directory.CreateTempSubdirectory("saga-test-connections-");
            // PostgreSQL runs as another user where the tests run as root.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
            var place = Path.Combine(folder.FullName, "postgres");
            postgres = await PrivatePostgres.StartAsync(place, ["fsync=off", "max_connections=30", "superuser_reserved_connections=3"], TestedPostgres.Folder, Cancellation);
            Watchdog.WatchPostgres(place);
        }

        public async ValueTask DisposeAsync()
        {
            await postgres.StopAsync(immediate: true);
            folder.Delete(recursive: true);
        }
    }
}
