using System.Buffers;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;
using Amazon.S3;
using Microsoft.Extensions.Options;
using Saga.Contracts.Identifiers;

namespace Saga.Tenancy.Objects;

/// <summary>The client of the configured S3 server, and the locations of tenants' objects. Thread-safe.</summary>
public sealed class S3Connection : IDisposable
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly S3StorageOptions options;
    private readonly S3CallGuard? guard;
    private readonly Lazy<AmazonS3Client> client;

    /// <param name="options">The server.</param>
    /// <param name="guard">Called before changes; none when null.</param>
    public S3Connection(IOptions<StorageOptions> options, S3CallGuard? guard = null)
    {
        this.options = options.Value.S3;
        this.guard = guard;
        client = new(Connect);
    }

    public IAmazonS3 Client => client.Value;

    public bool HasBucketPerTenant => options.Layout == S3StorageOptions.BucketLayout;

    public bool RequiresPolicy => options.RequirePolicy;

    /// <summary>How long the server may still act on a request that got no answer.</summary>
    public TimeSpan LingersFor => TimeSpan.FromSeconds(options.LingersForSeconds);

    public string Region => options.Region;

    /// <summary>For how many days former versions are kept.</summary>
    public int NoncurrentDays => options.NoncurrentDays;

    /// <summary>Asked for with every object that is written.</summary>
    public S3Encryption Encryption => S3Encryption.Parse(options.Encryption)!;

    public bool IsAmazon => options.ServiceUrl.Length == 0;

    public string Bucket(TenantId tenant) => HasBucketPerTenant ? $"{options.Bucket}-{tenant.Compact}" : options.Bucket;

    /// <summary>The bucket for all tenants. There is none with a bucket per tenant.</summary>
    public string SharedBucket => options.Bucket;

    /// <summary>Whether a bucket has the name of a tenant's own.</summary>
    public bool IsBucketOfATenant(string bucket) => bucket.Length == options.Bucket.Length + 33 && bucket.StartsWith(options.Bucket + "-", StringComparison.Ordinal)
        && bucket.AsSpan(options.Bucket.Length + 1).IndexOfAnyExcept(HexDigits) < 0;

    public void Dispose()
    {
        if (client.IsValueCreated)
            client.Value.Dispose();
    }

    private AmazonS3Client Connect()
    {
        var config = new AmazonS3Config
        {
            AuthenticationRegion = options.Region,
            ForcePathStyle = options.ForcePathStyle && !IsAmazon,
            Timeout = TimeSpan.FromSeconds(options.TimeoutSeconds),
            // Since version 4.1 a retry waits 50 ms instead of a second.
            MaxErrorRetry = 6,
            // Checksums in trailers are specific to Amazon; many servers refuse them.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (guard is not null)
            config.HttpClientFactory = new GuardedHttpClients(guard);
        if (IsAmazon)
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(options.Region);
        else
            config.ServiceURL = options.ServiceUrl;
        AWSCredentials credentials = options.AccessKey.Length > 0
            ? new BasicAWSCredentials(options.AccessKey, options.SecretKey)
            : DefaultAWSCredentialsIdentityResolver.GetCredentials();
        return new AmazonS3Client(credentials, config);
    }
}
