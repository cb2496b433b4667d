using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Saga.Hosting.Startup;

/// <summary>Warns at start about each configured key that has a new name.</summary>
public sealed partial class FormerSettings(IConfiguration configuration, ILogger<FormerSettings> log) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (former, key) in KnownSettings.Former.Where(f => configuration[f.Key] is not null))
            LogFormer(former, key);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 2520, Level = LogLevel.Warning, Message = "The setting {Former} is now called {Key}. Rename it; a later version will not read the former name.")]
    private partial void LogFormer(string former, string key);
}
