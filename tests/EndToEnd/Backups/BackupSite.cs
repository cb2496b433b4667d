using Amazon.S3;
using Amazon.S3.Model;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Intake;
using Saga.Tests.EndToEnd.Suspension;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>A site whose tenants are backed up, and the files that there are.</summary>
internal sealed class BackupSite(SuspensionSite site) : IAsyncDisposable
{
    private readonly ICommandIntake<BackupTenant> backUp = Intakes.Of<BackupTenant, ValidBackup, BackupPlan>(site.Site.Registry, new());

    public SuspensionSite Tenants => site;

    private string Bucket => $"{site.Site.Bucket}-backups";

    public static async Task<BackupSite> StartAsync() => new(await SuspensionSite.StartAsync());

    public async Task<Guid> BackUpAsync(TenantId tenant) =>
        await backUp.SubmitAsync(new() { TenantId = tenant, IncludeObjects = true }, Caller.OfToken(Site.Caller), default) is CommandAccepted accepted
            ? accepted.OperationId
            : throw new InvalidOperationException("The backup was refused.");

    /// <summary>An object of the tenant, as a product service would write it.</summary>
    public async Task PutAsync(TenantId tenant, string key, string content)
    {
        using var client = site.Site.World.S3.Client();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = site.Site.Bucket, Key = $"tenants/{tenant}/{key}", ContentBody = content });
    }

    /// <summary>The names of all files of backups, and of unfinished uploads.</summary>
    public async Task<IReadOnlyList<string>> FilesAsync()
    {
        using var client = site.Site.World.S3.Client();
        try
        {
            var objects = await client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket });
            var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = Bucket });
            return [.. (objects.S3Objects ?? []).Select(o => o.Key).Concat((uploads.MultipartUploads ?? []).Select(u => u.Key)).Order(StringComparer.Ordinal)];
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            return [];
        }
    }

    /// <summary>The names of the files that the registry knows.</summary>
    public async Task<IReadOnlyList<string>> KnownFilesAsync()
    {
        await using var connection = await site.Site.Registry.OpenConnectionAsync();
        return
        [
            .. (await connection.QueryAsync<string>(
                "select file from backup_parts union select manifest_file from backups where state = 'completed'")).Order(StringComparer.Ordinal),
        ];
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();
}
