using Amazon.S3;
using Amazon.S3.Model;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Restore;
using Saga.Registry.Backups;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tests.EndToEnd.Suspension;
using Saga.Tests.Support;
using Saga.Tests.Support.World;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>A site whose tenants are backed up, and the files that there are.</summary>
internal sealed class BackupSite(SuspensionSite site) : IAsyncDisposable
{
    private readonly ICommandIntake<BackupTenant> backUp = Intakes.Of<BackupTenant, ValidBackup, BackupPlan>(site.Site.Registry, new());

    private readonly ICommandIntake<RestoreTenant> restore = Intakes.Of<RestoreTenant, ValidRestore, RestorePlan>(
        site.Site.Registry, new(new BackupStore(site.Site.Registry), new TenantStore(site.Site.Registry), new TenantNameStore(site.Site.Registry), new ServerRoomStore(site.Site.Registry), Options.Create(new RestoreOptions())));

    public SuspensionSite Tenants => site;

    private string Bucket => $"{site.Site.Bucket}-backups";

    public static async Task<BackupSite> StartAsync(StepFaults? faults = null) => new(await SuspensionSite.StartAsync(faults));

    public static BackupTenant Command(TenantId tenant, string? key = null) => new() { TenantId = tenant, IncludeObjects = true, IdempotencyKey = key };

    public async Task<Guid> BackUpAsync(TenantId tenant, string? key = null) =>
        await backUp.SubmitAsync(Command(tenant, key), Caller.OfToken(Site.Caller), default) is CommandAccepted accepted
            ? accepted.OperationId
            : throw new InvalidOperationException("The backup was refused.");

    /// <summary>An object of the tenant, as a product service would write it.</summary>
    public async Task PutAsync(TenantId tenant, string key, string content)
    {
        using var client = site.Site.World.S3.Client();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = site.Site.Bucket, Key = $"tenants/{tenant}/{key}", ContentBody = content });
    }

    /// <summary>The command that restores the tenant's only backup.</summary>
    public async Task<RestoreTenant> CommandAsync(TenantId tenant, string mode, string? key = null) => new()
    {
        TenantId = tenant, BackupId = await site.ScalarAsync<Guid>("select id from backups where tenant_id = @Value", new { tenant.Value }), Mode = mode, IdempotencyKey = key,
    };

    public async Task<Guid> RestoreAsync(RestoreTenant command) => await restore.SubmitAsync(command, Caller.OfToken(Site.Caller), default) switch
    {
        CommandAccepted accepted => accepted.OperationId,
        CommandRejected rejected => throw new InvalidOperationException(rejected.Rejection.Detail),
        _ => throw new InvalidOperationException("No outcome."),
    };

    /// <summary>The databases that this site's restores have made, on all servers. Other sites may use the same ones.</summary>
    public async Task<IReadOnlyList<string>> RestoredDatabasesAsync()
    {
        List<string> found = [], own;
        await using (var registry = await site.Site.Registry.OpenConnectionAsync())
            own = [.. await registry.QueryAsync<string>("select 'restored_' || replace(id::text, '-', '') from operations")];
        foreach (var server in site.Site.Servers)
        {
            await using var connection = await OpenAsync(server, "postgres");
            found.AddRange(await connection.QueryAsync<string>("select datname from pg_database where datname = any(@own)", new { own }));
        }

        return [.. found.Order(StringComparer.Ordinal)];
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

    private static async Task<NpgsqlConnection> OpenAsync(SiteServer server, string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    public ValueTask DisposeAsync() => site.DisposeAsync();
}
