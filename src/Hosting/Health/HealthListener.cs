using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Saga.Hosting.Health;

/// <summary>Serves <c>/health</c> on its own address. It starts before the program's other services and stops after them.</summary>
internal sealed class HealthListener(IOptions<HealthOptions> options, Readiness readiness, ILoggerFactory loggers) : IHostedLifecycleService, IAsyncDisposable
{
    private WebApplication? app;

    /// <summary>Runs in the starting phase, before other services wait for the registry or the broker.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Url is not { Length: > 0 } url)
            return;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(o => o.AddServerHeader = false).UseUrls(url);
        builder.Services.AddRoutingCore().AddSingleton(readiness).AddSingleton(loggers);
        builder.Services.ConfigureHttpJsonOptions(o => o.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull);
        app = builder.Build();
        app.UseRouting();
        app.MapHealth();
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException error)
        {
            throw new InvalidOperationException($"{HealthOptions.Section}:{nameof(HealthOptions.Url)} is {url}: {error.Message}", error);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => app?.DisposeAsync() ?? ValueTask.CompletedTask;
}
