using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using Saga.Registry.Placements;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Servers;

/// <summary>Reports to the registry whether each configured server answers, for the Api's list of servers. Any number may run.</summary>
internal sealed partial class ServerHealthWatch(
    DatabaseServers servers, ServerHealthStore health, IOptions<ServerHealthOptions> options, TimeProvider time, ILogger<ServerHealthWatch> log) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(servers.Names.Select(s => WatchAsync(s, stoppingToken)));

    /// <summary>Looks at the server once. Reports nothing when all connections are in use: that says nothing about the server.</summary>
    internal async Task LookAsync(string server, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        string? failure = null, version = null;
        try
        {
            await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, limit.Token);
            version = await session.ScalarAsync<string>("select split_part(current_setting('server_version'), ' ', 1)", limit.Token);
        }
        catch (StepFailureException error) when (error.Failure.Kind == FailureKind.Overload)
        {
            return;
        }
        catch (StepFailureException error)
        {
            failure = error.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            failure = $"The server did not answer within {Patience.TotalSeconds:0} seconds.";
        }

        await health.WriteAsync(server, failure, version, cancellationToken);
    }

    private async Task WatchAsync(string server, CancellationToken stopping)
    {
        for (var failing = false; ;)
        {
            try
            {
                await LookAsync(server, stopping);
                failing = false;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                if (!failing)
                    LogNotReported(error, server, error.Message);
                failing = true;
            }

            await Task.Delay(TimeSpan.FromSeconds(options.Value.HealthCheckSeconds), time, stopping);
        }
    }

    [LoggerMessage(EventId = 2770, Level = LogLevel.Warning, Message = "Whether database server {Server} answers could not be reported; trying again: {Reason}")]
    private partial void LogNotReported(Exception error, string server, string reason);
}
