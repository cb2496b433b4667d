using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Hosting.Startup;
using Saga.Messaging;
using Saga.Registry;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database.Servers;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_a_start_finds_nobody
{
    [Fact]
    public async Task Should_wait_for_the_registry_and_start_then()
    {
        var (line, registry) = await LineAsync();
        using var cutLine = line;
        line.Cut();
        var logs = new LogLines();
        using var host = Build(logs, ("Saga:Registry:ConnectionString", registry), ("Saga:Startup:WaitSeconds", "60"));

        var starting = host.StartAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => Task.FromResult(logs.All.Any(l => l.Contains("Waiting for the registry", StringComparison.Ordinal))), "it logs what it waits for");
        starting.IsCompleted.ShouldBeFalse();
        line.Repair();

        await starting;
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("lock table database_servers in access exclusive mode", false)]
    [InlineData("select pg_advisory_xact_lock(1516896272)", false)]
    [InlineData("lock table database_servers in access exclusive mode", true)]
    public async Task Should_also_wait_for_it_when_it_goes_away_during_later_parts_of_the_start(string block, bool permanently)
    {
        await using var direct = await PostgresServer.NewRegistryAsync();
        var (line, registry) = Line(direct.ConnectionString);
        using var cutLine = line;
        var logs = new LogLines();
        using var host = Build(logs, ("Saga:Registry:ConnectionString", registry), ("Saga:Startup:WaitSeconds", permanently ? "1" : "120"),
            ("Saga:Databases:Servers:main:ConnectionString", direct.ConnectionString), ("Saga:Identity:Adapter", "embedded"), ("Saga:Mode", "embedded"));
        await using var other = await direct.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await other.ExecuteAsync(block, transaction: transaction);

        var starting = permanently
            ? EndsAsync(host, "Saga:Registry:ConnectionString: the registry did not answer within 1 s (Saga:Startup:WaitSeconds)")
            : host.StartAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(async () => starting.IsCompleted || await direct.ScalarAsync<long>("select count(*) from pg_locks where not granted") > 0, "the start is at this part", TimeSpan.FromMinutes(1));
        starting.IsCompleted.ShouldBeFalse(starting.Exception?.ToString());
        line.Cut();

        if (!permanently)
        {
            await Task.WhenAny(starting, Until.TrueAsync(() => Task.FromResult(logs.All.Any(l => l.Contains("Waiting for the registry", StringComparison.Ordinal))), "it logs what it waits for", TimeSpan.FromMinutes(1)));
            starting.IsCompleted.ShouldBeFalse(starting.Exception?.ToString());
            await transaction.CommitAsync(TestContext.Current.CancellationToken);
            line.Repair();
        }

        await starting;
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Should_exit_with_a_code_and_a_message_when_the_registry_does_not_answer()
    {
        var (line, registry) = await LineAsync();
        using var cutLine = line;
        line.Cut();
        using var host = Build(new LogLines(), ("Saga:Registry:ConnectionString", registry), ("Saga:Startup:WaitSeconds", "1"));

        await EndsAsync(host, "Saga:Registry:ConnectionString: the registry did not answer within 1 s (Saga:Startup:WaitSeconds)");
    }

    [Fact]
    public async Task Should_exit_with_a_code_and_a_message_when_the_broker_does_not_answer()
    {
        using var nobody = new TcpProxy("127.0.0.1", 1);
        using var host = Build(
            new LogLines(), ("Saga:Bus:RabbitMq", $"amqp://guest:guest@127.0.0.1:{nobody.Port}/"), ("Saga:Startup:WaitSeconds", "1"));

        await EndsAsync(host, $"Saga:Bus:RabbitMq: the broker at 127.0.0.1:{nobody.Port} did not answer within 1 s (Saga:Startup:WaitSeconds)");
    }

    private static async Task EndsAsync(IHost host, string words)
    {
        Exception? seen = null;
        var code = await WrongConfiguration.GuardAsync("saga-test", [], "", async () =>
        {
            try
            {
                await host.StartAsync(TestContext.Current.CancellationToken);
            }
            catch (Exception error)
            {
                seen = error;
                throw;
            }
        });

        code.ShouldBe(WrongConfiguration.UnavailableExitCode);
        WrongConfiguration.Errors(seen!).ShouldHaveSingleItem().ShouldStartWith(words);
    }

    private static IHost Build(LogLines logs, params (string Key, string Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Logging.AddProvider(logs);
        if (settings[0].Key.Contains("Registry", StringComparison.Ordinal))
            builder.Services.AddRegistry(builder.Configuration);
        if (settings.Any(s => s.Key.StartsWith("Saga:Databases", StringComparison.Ordinal)))
            builder.Services.AddDirectory(builder.Configuration).AddDatabaseServers(builder.Configuration);
        if (!settings[0].Key.Contains("Registry", StringComparison.Ordinal))
            builder.Services.AddSagaBus(builder.Configuration);
        return builder.Build();
    }

    private static async Task<(TcpProxy Line, string Registry)> LineAsync() => Line(await PostgresServer.NewDatabaseAsync());

    private static (TcpProxy Line, string Registry) Line(string connectionString)
    {
        var direct = new NpgsqlConnectionStringBuilder(connectionString);
        var line = new TcpProxy(direct.Host!, direct.Port);
        return (line, new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Host = "127.0.0.1", Port = line.Port }.ConnectionString);
    }
}
