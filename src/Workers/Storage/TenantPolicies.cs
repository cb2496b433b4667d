using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;

namespace Saga.Workers.Storage;

/// <summary>Policy documents that restrict a tenant to its prefix. The closing '/' matters, because t1 is a prefix of t10.</summary>
public static class TenantPolicies
{
    private const string Version = "2012-10-17";
    private static readonly string[] ObjectActions =
    [
        "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion",
        "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
    ];

    private static readonly string[] ListActions = ["s3:ListBucket", "s3:ListBucketVersions"];

    /// <summary>The policy for a service's session for this tenant, which allows nothing else.</summary>
    public static string Session(string bucket, TenantId tenant) => Write(
    [
        new { Sid = "TenantObjects", Effect = "Allow", Action = ObjectActions, Resource = Objects(bucket, tenant) },
        new
        {
            Sid = "TenantListing", Effect = "Allow", Action = ListActions, Resource = Bucket(bucket),
            Condition = new Dictionary<string, object> { ["StringLike"] = Prefixes(tenant) },
        },
    ]);

    /// <summary>The policy for the tenant's own bucket, which denies access outside the tenant's prefix to everyone.</summary>
    public static string OwnBucket(string bucket, TenantId tenant) => Write(
    [
        // Includes the bucket itself, because for a multi-object delete Ceph checks the bucket and not the objects.
        new { Sid = "OnlyTenantObjects", Effect = "Deny", Principal = "*", Action = ObjectActions, NotResource = new[] { Bucket(bucket), Objects(bucket, tenant) } },
        new
        {
            Sid = "OnlyTenantListing", Effect = "Deny", Principal = "*", Action = ListActions, Resource = Bucket(bucket),
            Condition = new Dictionary<string, object> { ["StringNotLike"] = Prefixes(tenant) },
        },
    ]);

    private static string Bucket(string bucket) => $"arn:aws:s3:::{bucket}";

    private static string Objects(string bucket, TenantId tenant) => $"{Bucket(bucket)}/{ObjectKey.Prefix(tenant)}*";

    private static Dictionary<string, string> Prefixes(TenantId tenant) => new() { ["s3:prefix"] = ObjectKey.Prefix(tenant) + "*" };

    private static string Write(object[] statements) => JsonSerializer.Serialize(
        new Dictionary<string, object> { ["Version"] = Version, ["Statement"] = statements }, Verbatim);

    // Names in policy documents start with capitals.
    private static readonly JsonSerializerOptions Verbatim = new(Json.Options) { PropertyNamingPolicy = null };
}
