using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Tools;

/// <summary>
/// Compares this machine's pg_dump with the versions of the servers, at start and every few minutes, because either may be upgraded. A server
/// that does not answer is not judged.
/// </summary>
internal sealed partial class BackupToolsWatch(PostgresTools tools, DatabaseServers servers, TimeProvider time, ILogger<BackupToolsWatch> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(5);
    private volatile IReadOnlyList<string> refusals = [];

    /// <summary>For each server that cannot be backed up from here, why, and what to do.</summary>
    public IReadOnlyList<string> Refusals => refusals;

    /// <summary>Looks now.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        var tool = await tools.FindAsync(PostgresTools.Dump, cancellationToken);
        var found = new List<string>();
        foreach (var server in servers.Names.Order(StringComparer.Ordinal))
        {
            try
            {
                await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
                if (PostgresTools.Refusal(PostgresTools.Dump, tool, server, session.ServerVersion) is { } refusal)
                    found.Add($"{refusal} Backups of schemas and databases on it are refused. {PostgresTools.Remedy(session.ServerVersion)}");
            }
            catch (StepFailureException)
            {
                // Circuits and steps report servers that do not answer.
            }
        }

        foreach (var refusal in found.Except(refusals, StringComparer.Ordinal))
            LogRefused(refusal);
        refusals = found;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotLooked(error, error.Message);
            }

            await Task.Delay(Look, time, stoppingToken);
        }
    }

    [LoggerMessage(EventId = 2722, Level = LogLevel.Warning, Message = "{Refusal}")]
    private partial void LogRefused(string refusal);

    [LoggerMessage(EventId = 2723, Level = LogLevel.Warning, Message = "pg_dump could not be compared with the database servers; trying again: {Reason}")]
    private partial void LogNotLooked(Exception error, string reason);
}
