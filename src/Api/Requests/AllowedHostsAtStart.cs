using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Saga.Api.Requests;

/// <summary>Says at start that the server answers for every host name, as it does unless <c>AllowedHosts</c> names some.</summary>
internal sealed partial class AllowedHostsAtStart(IConfiguration configuration, ILogger<AllowedHostsAtStart> log) : IHostedService
{
    private const string Key = "AllowedHosts";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var hosts = (configuration[Key] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (hosts.Length == 0 || hosts.Any(h => h is "*" or "[::]" or "0.0.0.0"))
            LogEveryHost();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 2663, Level = LogLevel.Warning,
        Message = "The API answers requests for every host name. Set AllowedHosts to its public names, such as saga.example.com, and to those that load balancers use for probes.")]
    private partial void LogEveryHost();
}
