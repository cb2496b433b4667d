using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>Removes former versions from the folder when their time is over, at start and then once a day, as S3's lifecycle does.</summary>
internal sealed partial class FolderVersionExpiry(
    FolderPaths paths, FolderVersions versions, IOptions<StorageOptions> options, TimeProvider time, ILogger<FolderVersionExpiry> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not part of the host's start.
        await Task.Yield();
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                Expire(stoppingToken);
            }
            catch (Exception error) when (FolderFailures.IsFailure(error))
            {
                LogFailed(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal void Expire(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(paths.Tenants))
            return;
        var before = time.GetUtcNow() - TimeSpan.FromDays(options.Value.S3.NoncurrentDays);
        foreach (var folder in Directory.GetDirectories(paths.Tenants))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TenantId.TryParse(Path.GetFileName(folder), out var tenant))
                versions.Expire(tenant, before);
        }
    }

    [LoggerMessage(EventId = 2792, Level = LogLevel.Warning, Message = "Former versions of objects could not be removed; trying again in a day.")]
    private partial void LogFailed(Exception error);
}
