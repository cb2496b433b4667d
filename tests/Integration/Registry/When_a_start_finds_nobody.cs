using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Hosting.Startup;
using Saga.Messaging;
using Saga.Registry;
using Saga.Tests.Integration.Api;
using Saga.Tests.Support;
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
        else
            builder.Services.AddSagaBus(builder.Configuration);
        return builder.Build();
    }

    private static async Task<(TcpProxy Line, string Registry)> LineAsync()
    {
        var direct = new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabaseAsync());
        var line = new TcpProxy(direct.Host!, direct.Port);
        return (line, new NpgsqlConnectionStringBuilder(direct.ConnectionString) { Host = "127.0.0.1", Port = line.Port }.ConnectionString);
    }
}
