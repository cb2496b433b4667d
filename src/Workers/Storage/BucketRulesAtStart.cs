using System.Net;
using Amazon.S3;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>
/// Gives the buckets that are there already the lifecycle and the versions that this version and its configuration ask for, so that the verification
/// of tenants from before finds them. Provisioning does the same for new ones. Any number of processes may do it at once.
/// </summary>
internal sealed partial class BucketRulesAtStart(S3Connection connection, S3BucketRules rules, TimeProvider time, ILogger<BucketRulesAtStart> log) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                LogDone(await EnsureAsync(stoppingToken));
                return;
            }
            catch (Exception error) when (error is ObjectStoreException || S3Failures.IsFailure(error, stoppingToken))
            {
                LogFailed(error, pause.TotalSeconds);
            }

            await Task.Delay(pause, time, stoppingToken);
        }
    }

    /// <returns>How many buckets there are.</returns>
    internal async Task<int> EnsureAsync(CancellationToken cancellationToken)
    {
        var buckets = await FindAsync(cancellationToken);
        foreach (var bucket in buckets)
        {
            await rules.EnsureLifecycleAsync(bucket, cancellationToken);
            await rules.EnsureVersioningAsync(bucket, cancellationToken);
        }

        return buckets.Count;
    }

    private async Task<List<string>> FindAsync(CancellationToken cancellationToken)
    {
        if (connection.HasBucketPerTenant)
            return [.. ((await connection.Client.ListBucketsAsync(cancellationToken)).Buckets ?? []).Select(b => b.BucketName).Where(connection.IsBucketOfATenant)];
        try
        {
            await connection.Client.HeadBucketAsync(new() { BucketName = connection.SharedBucket }, cancellationToken);
            return [connection.SharedBucket];
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            return [];
        }
    }

    [LoggerMessage(EventId = 2790, Level = LogLevel.Debug, Message = "{Count} buckets have their lifecycle and versions.")]
    private partial void LogDone(int count);

    [LoggerMessage(EventId = 2791, Level = LogLevel.Warning, Message = "The lifecycle and the versions of existing buckets could not be set; trying again in {Seconds} seconds.")]
    private partial void LogFailed(Exception error, double seconds);
}
