using System.Globalization;
using Amazon.S3;
using Amazon.S3.Model;
using Saga.Contracts.Failures;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>Sets a bucket's lifecycle, versions and policy. A server without them is refused, unless the configuration allows it.</summary>
internal sealed class S3BucketRules(S3Connection connection)
{
    private const string UploadRuleId = "saga-abort-unfinished-uploads";
    private const string VersionRuleId = ObjectProtection.VersionRuleId;
    private const int UploadDays = 7;
    private const string Unsupported = "not supported by the server; allowed by Saga:Storage:S3:RequirePolicy=false";

    /// <summary>Adds the rules for all tenants that are missing or different. Concurrent writers write the same rules, so races are harmless.</summary>
    public async Task<string> EnsureLifecycleAsync(string bucket, CancellationToken cancellationToken)
    {
        var words = string.Create(CultureInfo.InvariantCulture, $"unfinished uploads end after {UploadDays} days, former versions after {connection.NoncurrentDays}");
        try
        {
            var known = await FindLifecycleAsync(bucket, cancellationToken);
            if (known.Exists(IsUploadRule) && known.Exists(IsVersionRule))
                return words;
            known.RemoveAll(r => r.Id is UploadRuleId or VersionRuleId);
            known.Add(new LifecycleRule
            {
                Id = UploadRuleId,
                Status = LifecycleRuleStatus.Enabled,
                Filter = AllTenants(),
                AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = UploadDays },
            });
            known.Add(new LifecycleRule
            {
                Id = VersionRuleId,
                Status = LifecycleRuleStatus.Enabled,
                Filter = AllTenants(),
                NoncurrentVersionExpiration = new LifecycleRuleNoncurrentVersionExpiration { NoncurrentDays = connection.NoncurrentDays },
                // A deletion whose former versions are gone.
                Expiration = new LifecycleRuleExpiration { ExpiredObjectDeleteMarker = true },
            });
            await connection.Client.PutLifecycleConfigurationAsync(
                new PutLifecycleConfigurationRequest { BucketName = bucket, Configuration = new LifecycleConfiguration { Rules = known } }, cancellationToken);
            return words;
        }
        catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error))
        {
            return Tolerated("bucket lifecycles", error);
        }
    }

    /// <summary>Switches versions on, if they are off.</summary>
    public async Task<string> EnsureVersioningAsync(string bucket, CancellationToken cancellationToken)
    {
        const string words = "what is replaced or deleted stays as a version";
        try
        {
            if ((await connection.Client.GetBucketVersioningAsync(bucket, cancellationToken)).VersioningConfig?.Status == VersionStatus.Enabled)
                return words;
            await connection.Client.PutBucketVersioningAsync(
                new PutBucketVersioningRequest { BucketName = bucket, VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled } }, cancellationToken);
            return words;
        }
        catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error))
        {
            return Tolerated("object versions", error);
        }
    }

    public async Task<string> EnsurePolicyAsync(string bucket, string policy, CancellationToken cancellationToken)
    {
        try
        {
            await connection.Client.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = bucket, Policy = policy }, cancellationToken);
            return "bucket policy";
        }
        catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error))
        {
            return Tolerated("bucket policies", error);
        }
    }

    private async Task<List<LifecycleRule>> FindLifecycleAsync(string bucket, CancellationToken cancellationToken)
    {
        try
        {
            var found = await connection.Client.GetLifecycleConfigurationAsync(
                new GetLifecycleConfigurationRequest { BucketName = bucket }, cancellationToken);
            return found.Configuration?.Rules ?? [];
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchLifecycleConfiguration")
        {
            return [];
        }
    }

    private static bool IsUploadRule(LifecycleRule rule) =>
        rule.Id == UploadRuleId && rule.Status == LifecycleRuleStatus.Enabled && rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation == UploadDays;

    private bool IsVersionRule(LifecycleRule rule) =>
        rule.Id == VersionRuleId && rule.Status == LifecycleRuleStatus.Enabled && rule.NoncurrentVersionExpiration?.NoncurrentDays == connection.NoncurrentDays;

    private static LifecycleFilter AllTenants() => new() { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = "tenants/" } };

    private string Tolerated(string what, AmazonS3Exception error) => connection.RequiresPolicy
        ? throw new ObjectStoreException(
            S3Failures.System, "s3-unsupported",
            $"The S3 server does not support {what}, and tenants need them. For a development server set Saga:Storage:S3:RequirePolicy to false.",
            FailureKind.Permanent, error)
        : Unsupported;
}
