using Amazon.S3;
using Amazon.S3.Model;

namespace Saga.Tests.Support.World;

/// <summary>Objects in the site's bucket, including what is left of deleted ones, the files of its exports and backups, and unfinished uploads.</summary>
internal static class ObjectFacts
{
    public static async Task<List<Fact>> ListAsync(Site site)
    {
        using var client = site.World.S3.Client();
        var facts = new List<Fact>();
        try
        {
            var versions = new ListVersionsRequest { BucketName = site.Bucket };
            var found = new List<S3ObjectVersion>();
            ListVersionsResponse page;
            do
            {
                page = await client.ListVersionsAsync(versions);
                found.AddRange(page.Versions ?? []);
                (versions.KeyMarker, versions.VersionIdMarker) = (page.NextKeyMarker, page.NextVersionIdMarker);
            }
            while (page.IsTruncated == true);

            // An object that was written again keeps its former version for a while. One that is gone must have left none.
            foreach (var versionsOf in found.GroupBy(v => v.Key, StringComparer.Ordinal))
            {
                if (versionsOf.Any(v => v.IsLatest == true && v.IsDeleteMarker != true))
                    facts.Add(Of(versionsOf.Key, "object"));
                else
                    facts.AddRange(versionsOf.Select(v => Of(v.Key, v.IsDeleteMarker == true ? "delete marker" : "former version")));
            }

            var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = site.Bucket });
            facts.AddRange((uploads.MultipartUploads ?? []).Select(u => Of(u.Key, "upload")));
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            // The first tenant creates the bucket.
        }

        return [.. facts, .. await FilesAsync(client, $"{site.Bucket}-exports", "export"), .. await FilesAsync(client, $"{site.Bucket}-backups", "backup")];
    }

    private static async Task<List<Fact>> FilesAsync(AmazonS3Client client, string bucket, string kind)
    {
        var facts = new List<Fact>();
        try
        {
            var request = new ListObjectsV2Request { BucketName = bucket };
            ListObjectsV2Response page;
            do
            {
                page = await client.ListObjectsV2Async(request);
                facts.AddRange((page.S3Objects ?? []).Select(o => FileOf(o.Key, kind)));
                request.ContinuationToken = page.NextContinuationToken;
            }
            while (page.IsTruncated == true);

            var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket });
            facts.AddRange((uploads.MultipartUploads ?? []).Select(u => FileOf(u.Key, $"upload of {kind}")));
        }
        catch (AmazonS3Exception error) when (error.ErrorCode == "NoSuchBucket")
        {
            // The first file creates the bucket.
        }

        return facts;
    }

    // <id>/…, or registry/…
    private static Fact FileOf(string key, string kind)
    {
        _ = Guid.TryParse(key.Split('/')[0], out var tenant);
        return new Fact(tenant, $"{tenant}: {kind} {key}");
    }

    // tenants/<id>/… and .saga/tenants/<id>.json
    private static Fact Of(string key, string kind)
    {
        var part = key.Split('/').SkipWhile(p => p != "tenants").ElementAtOrDefault(1) ?? "";
        _ = Guid.TryParse(part.Replace(".json", "", StringComparison.Ordinal), out var tenant);
        return new Fact(tenant, $"{tenant}: {kind} {key}");
    }
}
