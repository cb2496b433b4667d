using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Orchestrator;
using Saga.Workers;

namespace Saga.Tests.Support.World;

/// <summary>Orchestrator and all workers of one control plane, composed as in production, in one process.</summary>
public static class ProvisioningHost
{
    /// <param name="configuration">The whole configuration; nothing else is read.</param>
    /// <param name="faults">Faults injected into the real steps; none when null.</param>
    public static IHost Build(IConfiguration configuration, StepFaults? faults = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddConfiguration(configuration);
        if (Environment.GetEnvironmentVariable("SAGA_TEST_LOG") is { Length: > 0 })
            builder.Logging.AddSimpleConsole(o => o.TimestampFormat = "HH:mm:ss.fff ").AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Services.AddOrchestrator(builder.Configuration).AddWorkers(builder.Configuration);
        faults?.Decorate(builder.Services);
        return builder.Build();
    }

    public static async Task<IHost> StartAsync(IConfiguration configuration, StepFaults? faults = null)
    {
        var host = Build(configuration, faults);
        await host.StartAsync();
        return host;
    }

    /// <summary>Stops in order and releases the host's resources.</summary>
    public static async Task EndAsync(IHost host)
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
