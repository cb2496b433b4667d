using Amazon.S3;
using Amazon.S3.Model;
using Saga.Contracts.Failures;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>Sets a bucket's lifecycle and policy. A server without them is refused, unless the configuration allows it.</summary>
internal sealed class S3BucketRules(S3Connection connection)
{
    private const string RuleId = "saga-abort-unfinished-uploads";
    private const int Days = 7;
    private const string Unsupported = "not supported by the server; allowed by Saga:Storage:S3:RequirePolicy=false";

    /// <summary>Adds the one rule for all tenants if it is missing. Concurrent writers write the same rule, so races are harmless.</summary>
    public async Task<string> EnsureLifecycleAsync(string bucket, CancellationToken cancellationToken)
    {
        try
        {
            var known = await FindLifecycleAsync(bucket, cancellationToken);
            if (known.Exists(r => r.Id == RuleId && r.Status == LifecycleRuleStatus.Enabled && r.AbortIncompleteMultipartUpload?.DaysAfterInitiation == Days))
                return $"unfinished uploads end after {Days} days";
            known.RemoveAll(r => r.Id == RuleId);
            known.Add(new LifecycleRule
            {
                Id = RuleId,
                Status = LifecycleRuleStatus.Enabled,
                Filter = new LifecycleFilter { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = "tenants/" } },
                AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = Days },
            });
            await connection.Client.PutLifecycleConfigurationAsync(
                new PutLifecycleConfigurationRequest { BucketName = bucket, Configuration = new LifecycleConfiguration { Rules = known } }, cancellationToken);
            return $"unfinished uploads end after {Days} days";
        }
        catch (AmazonS3Exception error) when (S3Failures.IsUnsupported(error))
        {
            return Tolerated("bucket lifecycles", error);
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

    private string Tolerated(string what, AmazonS3Exception error) => connection.RequiresPolicy
        ? throw new ObjectStoreException(
            S3Failures.System, "s3-unsupported",
            $"The S3 server does not support {what}, and tenants need them. For a development server set Saga:Storage:S3:RequirePolicy to false.",
            FailureKind.Permanent, error)
        : Unsupported;
}
