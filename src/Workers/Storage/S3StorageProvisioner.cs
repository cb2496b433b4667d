using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Model;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>
/// Creates a prefix in the shared bucket, or a bucket per tenant. In the shared bucket, provisioning a tenant changes none of the
/// bucket's documents: see docs/decisions/object-isolation.md.
/// </summary>
internal sealed class S3StorageProvisioner(S3Connection connection, S3BucketRules rules, S3PrefixRemoval removal) : IStorageProvisioner
{
    private const string Markers = ".saga/tenants/";
    private const string MarkerEnd = ".json";

    public TimeSpan LingersFor => connection.LingersFor;

    public async Task<ProvisionedStorage> ProvisionAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        try
        {
            var bucket = connection.Bucket(tenant);
            await EnsureBucketAsync(bucket, cancellationToken);
            var lifecycle = await rules.EnsureLifecycleAsync(bucket, cancellationToken);
            var versioning = await rules.EnsureVersioningAsync(bucket, cancellationToken);
            string policy;
            if (connection.HasBucketPerTenant)
            {
                policy = await rules.EnsurePolicyAsync(bucket, TenantPolicies.OwnBucket(bucket, tenant), cancellationToken);
            }
            else
            {
                await PutMarkerAsync(bucket, tenant, cancellationToken);
                policy = $"session policy kept in s3://{bucket}/{Marker(tenant)}";
            }

            return new ProvisionedStorage($"s3://{bucket}/{ObjectKey.Prefix(tenant)}", policy, lifecycle, versioning);
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    public async IAsyncEnumerable<IReadOnlyList<ListedStorage>> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (connection.HasBucketPerTenant)
        {
            yield return await ListBucketsAsync(cancellationToken);
            yield break;
        }

        var provisioned = new HashSet<TenantId>();
        await foreach (var page in S3Listing.PagesAsync(connection, connection.SharedBucket, Markers, null, cancellationToken))
        {
            var markers = (page.S3Objects ?? []).Where(o => o.Key.EndsWith(MarkerEnd, StringComparison.Ordinal))
                .Select(o => (Tenant: TenantIn(o.Key[Markers.Length..^MarkerEnd.Length]), o.LastModified)).Where(m => m.Tenant is not null).ToList();
            provisioned.UnionWith(markers.Select(m => m.Tenant!.Value));
            yield return [.. markers.Select(m => new ListedStorage(m.Tenant!.Value, true, S3Listing.Time(m.LastModified)))];
        }

        // Objects whose marker is gone. When they were written is not told.
        await foreach (var page in S3Listing.PagesAsync(connection, connection.SharedBucket, ObjectKey.Root, "/", cancellationToken))
        {
            yield return
            [
                .. (page.CommonPrefixes ?? []).Select(p => TenantIn(p[ObjectKey.Root.Length..].TrimEnd('/'))).Where(t => t is { } tenant && !provisioned.Contains(tenant))
                    .Select(t => new ListedStorage(t!.Value, false, null)),
            ];
        }
    }

    private Task<IReadOnlyList<ListedStorage>> ListBucketsAsync(CancellationToken cancellationToken) => S3Failures.RunAsync<IReadOnlyList<ListedStorage>>(
        async () =>
        [
            .. from bucket in (await connection.Client.ListBucketsAsync(cancellationToken)).Buckets ?? []
               where connection.IsBucketOfATenant(bucket.BucketName)
               let tenant = new TenantId(Guid.ParseExact(bucket.BucketName[^32..], "n"))
               select new ListedStorage(tenant, true, S3Listing.Time(bucket.CreationDate)),
        ],
        cancellationToken);

    private static TenantId? TenantIn(string name) => Guid.TryParseExact(name, "d", out var id) ? new TenantId(id) : null;

    public string System => StorageOptions.S3Adapter;

    public string Location(TenantId tenant) => $"s3://{connection.Bucket(tenant)}/{ObjectKey.Prefix(tenant)}";

    public async Task<StoredObjects> CountAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        try
        {
            return await removal.CountAsync(connection.Bucket(tenant), ObjectKey.Prefix(tenant), cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            return new(0, 0);
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    public async Task RemoveAsync(TenantId tenant, CancellationToken cancellationToken, Action<StoredObjects>? removing = null)
    {
        try
        {
            var bucket = connection.Bucket(tenant);
            await removal.RemoveAsync(bucket, ObjectKey.Prefix(tenant), cancellationToken, removing);
            if (connection.HasBucketPerTenant)
            {
                await connection.Client.DeleteBucketAsync(bucket, cancellationToken);
                return;
            }

            // The marker is removed last, so that it exists as long as anything may be left.
            await removal.RemoveAsync(bucket, Marker(tenant), cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            // The bucket does not exist, so it has no objects.
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    public async Task<bool> ExistsAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        try
        {
            var bucket = connection.Bucket(tenant);
            if (connection.HasBucketPerTenant)
                return await HasBucketAsync(bucket, cancellationToken);
            return await removal.AnyAsync(bucket, ObjectKey.Prefix(tenant), cancellationToken)
                || await removal.AnyAsync(bucket, Marker(tenant), cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            return false;
        }
        catch (Exception error) when (S3Failures.IsFailure(error, cancellationToken))
        {
            throw S3Failures.Translate(error);
        }
    }

    // Outside the tenant's prefix, where no tenant may write.
    private static string Marker(TenantId tenant) => $"{Markers}{tenant}{MarkerEnd}";

    private async Task EnsureBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        if (await HasBucketAsync(bucket, cancellationToken))
            return;
        try
        {
            await connection.Client.PutBucketAsync(
                new PutBucketRequest { BucketName = bucket, UseClientRegion = connection.IsAmazon }, cancellationToken);
        }
        catch (AmazonS3Exception error) when (error.ErrorCode is "BucketAlreadyOwnedByYou" or "BucketAlreadyExists")
        {
            // Another attempt has created it in the meantime, or it belongs to another account and must not be used.
            if (error.ErrorCode == "BucketAlreadyExists" && !await HasBucketAsync(bucket, cancellationToken))
                throw;
        }
    }

    private async Task<bool> HasBucketAsync(string bucket, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Client.HeadBucketAsync(new HeadBucketRequest { BucketName = bucket }, cancellationToken);
            return true;
        }
        catch (AmazonS3Exception error) when (error.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private Task<PutObjectResponse> PutMarkerAsync(string bucket, TenantId tenant, CancellationToken cancellationToken)
    {
        var request = new PutObjectRequest
        {
            BucketName = bucket,
            Key = Marker(tenant),
            ContentType = "application/json",
            UseChunkEncoding = false,
            ContentBody = JsonSerializer.Serialize(
                new { TenantId = tenant, Prefix = ObjectKey.Prefix(tenant), SessionPolicy = JsonSerializer.Deserialize<JsonElement>(TenantPolicies.Session(bucket, tenant)) },
                Json.Options),
        };
        connection.Encryption.ApplyTo(request);
        return connection.Client.PutObjectAsync(request, cancellationToken);
    }
}
