using Amazon.S3.Model;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Objects;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

/// <summary>Cases specific to S3: versions, multipart uploads, thousands of keys, and responses with partial errors.</summary>
public sealed class When_s3_makes_trouble
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Should_leave_no_version_no_marker_and_no_upload()
    {
        var bucket = S3Server.NewBucket();
        using var s3 = (await S3Server.SharedAsync()).Client();
        await S3Server.MakeBucketAsync(s3, bucket);
        await s3.PutBucketVersioningAsync(new PutBucketVersioningRequest { BucketName = bucket, VersioningConfig = new() { Status = Amazon.S3.VersionStatus.Enabled } });
        await using var host = await StorageHost.OnS3Async(bucket: bucket);
        var (gone, stays) = (StorageHost.NewTenant(), StorageHost.NewTenant());
        foreach (var tenant in new[] { gone, stays })
        {
            await host.Provisioner.ProvisionAsync(tenant, None);
            var objects = host.Objects.For(tenant);
            await objects.PutTextAsync("a", "old");
            await objects.PutTextAsync("a", "new");
            await objects.PutTextAsync("deleted", "x");
            await objects.DeleteAsync(ObjectKey.Parse("deleted"), None);
            var upload = await s3.InitiateMultipartUploadAsync(bucket, ObjectKey.Prefix(tenant) + "half");
            await s3.UploadPartAsync(new UploadPartRequest { BucketName = bucket, Key = upload.Key, UploadId = upload.UploadId, PartNumber = 1, InputStream = new MemoryStream(new byte[100]), UseChunkEncoding = false });
        }

        await host.Provisioner.RemoveAsync(gone, None);

        (await VersionsAsync(s3, bucket, gone)).ShouldBe(0);
        (await s3.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket })).MultipartUploads
            .ShouldHaveSingleItem().Key.ShouldBe(ObjectKey.Prefix(stays) + "half");
        (await VersionsAsync(s3, bucket, stays)).ShouldBe(4);
        (await host.Provisioner.ExistsAsync(gone, None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_say_that_something_is_there_when_only_an_upload_or_a_marker_is()
    {
        var bucket = S3Server.NewBucket();
        using var s3 = (await S3Server.SharedAsync()).Client();
        await S3Server.MakeBucketAsync(s3, bucket);
        await using var host = await StorageHost.OnS3Async(bucket: bucket);
        var tenant = StorageHost.NewTenant();

        (await host.Provisioner.ExistsAsync(tenant, None)).ShouldBeFalse();
        await s3.InitiateMultipartUploadAsync(bucket, ObjectKey.Prefix(tenant) + "half");
        (await host.Provisioner.ExistsAsync(tenant, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_delete_more_keys_than_one_call_takes()
    {
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (_, _) => null);
        await using var host = await StorageHost.OnS3Async(url: front.Url);
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, None);
        await Parallel.ForAsync(0, 2100, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await host.Objects.For(tenant).PutTextAsync($"k/{i}", "x"));
        (await host.Objects.For(tenant).KeysAsync()).Count.ShouldBe(2100);

        await host.Provisioner.RemoveAsync(tenant, None);

        (await host.Objects.For(tenant).KeysAsync()).ShouldBeEmpty();
        front.Seen.Count(r => r.StartsWith("POST", StringComparison.Ordinal) && r.Contains("delete", StringComparison.Ordinal)).ShouldBe(4);
    }

    [Theory]
    [InlineData("AccessDenied", false)]
    [InlineData("InternalError", true)]
    public async Task Should_not_treat_a_response_with_errors_inside_as_success(string code, bool transient)
    {
        var refuse = true;
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (r, _) =>
            refuse && r.Method == "POST" && r.Query.ContainsKey("delete")
                ? (200, $"""<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Error><Key>tenants/x/kept</Key><Code>{code}</Code><Message>no</Message></Error></DeleteResult>""")
                : null);
        await using var host = await StorageHost.OnS3Async(url: front.Url);
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, None);
        await host.Objects.For(tenant).PutTextAsync("kept", "x");

        var error = await Should.ThrowAsync<ObjectStoreException>(() => host.Provisioner.RemoveAsync(tenant, None));

        error.ShouldSatisfyAllConditions(
            () => error.Code.ShouldBe("s3-delete-refused"), () => error.IsTransient.ShouldBe(transient), () => error.Message.ShouldContain("tenants/x/kept"));
        refuse = false;
        await host.Provisioner.RemoveAsync(tenant, None);
        (await host.Provisioner.ExistsAsync(tenant, None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_not_report_success_when_a_deletion_did_nothing()
    {
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (r, _) =>
            r.Method == "POST" && r.Query.ContainsKey("delete") ? (200, """<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>""") : null);
        await using var host = await StorageHost.OnS3Async(url: front.Url);
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, None);
        await host.Objects.For(tenant).PutTextAsync("a", "x");

        var error = await Should.ThrowAsync<ObjectStoreException>(() => host.Provisioner.RemoveAsync(tenant, None));

        error.Code.ShouldBe("s3-not-empty");
        error.IsTransient.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_refuse_a_server_without_lifecycles_unless_that_is_allowed()
    {
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (r, _) =>
            r.Query.ContainsKey("lifecycle") || r.Query.ContainsKey("policy") || r.Query.ContainsKey("versions") || r.Query.ContainsKey("versioning") || r.Query.ContainsKey("uploads")
                ? S3Front.Error(501, "NotImplemented") : null);
        foreach (var layout in new[] { "prefix", "bucket" })
        {
            await using var strict = await StorageHost.OnS3Async(layout, url: front.Url);
            await using var lenient = await StorageHost.OnS3Async(layout, url: front.Url, requirePolicy: false);
            var tenant = StorageHost.NewTenant();

            var error = await Should.ThrowAsync<ObjectStoreException>(() => strict.Provisioner.ProvisionAsync(tenant, None));
            error.ShouldSatisfyAllConditions(() => error.Code.ShouldBe("s3-unsupported"), () => error.IsTransient.ShouldBeFalse());

            var made = await lenient.Provisioner.ProvisionAsync(tenant, None);
            made.Lifecycle.ShouldContain("not supported");
            made.Versioning.ShouldContain("not supported");
            if (layout == "bucket")
                made.Policy.ShouldContain("not supported");
            await lenient.Objects.For(tenant).PutTextAsync("a", "x");
            await lenient.Provisioner.RemoveAsync(tenant, None);
            (await lenient.Provisioner.ExistsAsync(tenant, None)).ShouldBeFalse();
            // If listing fails, nothing can be reported as removed.
            (await Should.ThrowAsync<ObjectStoreException>(() => strict.Provisioner.RemoveAsync(tenant, None))).IsTransient.ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Should_be_transient_when_nobody_answers()
    {
        await using var host = StorageHost.OnS3($"http://127.0.0.1:{FreePorts.Next()}", "bucket");

        await ShouldBeAwayAsync(() => host.Provisioner.ProvisionAsync(StorageHost.NewTenant(), None));
        await ShouldBeAwayAsync(() => host.Provisioner.RemoveAsync(StorageHost.NewTenant(), None));
        await ShouldBeAwayAsync(() => host.Objects.For(StorageHost.NewTenant()).GetAsync(ObjectKey.Parse("a"), None));
        await ShouldBeAwayAsync(() => host.Objects.For(StorageHost.NewTenant()).PutTextAsync("a", "x"));
        await ShouldBeAwayAsync(() => host.Objects.For(StorageHost.NewTenant()).KeysAsync());
    }

    [Theory]
    [InlineData(503, "SlowDown", "s3-busy", FailureKind.Overload)]
    [InlineData(503, "ServiceUnavailable", "s3-unavailable", FailureKind.Outage)]
    [InlineData(500, "InternalError", "s3-server-error", FailureKind.Transient)]
    public async Task Should_distinguish_overload_from_an_outage_and_an_internal_error(int status, string code, string failure, FailureKind kind)
    {
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (_, _) => S3Front.Error(status, code));
        await using var host = await StorageHost.OnS3Async(url: front.Url);

        var error = await Should.ThrowAsync<ObjectStoreException>(() => host.Provisioner.RemoveAsync(StorageHost.NewTenant(), None));
        (error.System, error.Code, error.Kind).ShouldBe(("s3", failure, kind));
    }

    [Fact]
    public async Task Should_fail_permanently_with_the_wrong_secret()
    {
        await using var host = await StorageHost.OnS3Async(secret: "wrong");

        var error = await Should.ThrowAsync<ObjectStoreException>(() => host.Objects.For(StorageHost.NewTenant()).GetAsync(ObjectKey.Parse("a"), None));

        error.ShouldSatisfyAllConditions(() => error.IsTransient.ShouldBeFalse(), () => error.Code.ShouldBe("s3-signature-does-not-match"));
    }

    [Fact]
    public async Task Should_write_the_lifecycle_once_and_keep_the_rules_of_others()
    {
        var bucket = S3Server.NewBucket();
        using var s3 = (await S3Server.SharedAsync()).Client();
        await S3Server.MakeBucketAsync(s3, bucket);
        await s3.PutLifecycleConfigurationAsync(new PutLifecycleConfigurationRequest
        {
            BucketName = bucket,
            Configuration = new() { Rules = [new() { Id = "theirs", Status = Amazon.S3.LifecycleRuleStatus.Enabled, Filter = new() { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = "logs/" } }, Expiration = new() { Days = 30 } }] },
        });
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (_, _) => null);
        await using var host = await StorageHost.OnS3Async(bucket: bucket, url: front.Url);

        for (var i = 0; i < 3; i++)
            await host.Provisioner.ProvisionAsync(StorageHost.NewTenant(), None);

        var rules = (await s3.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = bucket })).Configuration.Rules;
        rules.Select(r => r.Id).Order().ShouldBe(["saga-abort-unfinished-uploads", "saga-expire-former-versions", "theirs"]);
        front.Seen.Count(r => r.StartsWith("PUT", StringComparison.Ordinal) && r.Contains("lifecycle", StringComparison.Ordinal)).ShouldBe(1);
        front.Seen.ShouldNotContain(r => r.Contains("policy", StringComparison.Ordinal));
    }

    [Theory, InlineData("prefix"), InlineData("bucket")]
    public async Task Should_switch_versions_on_and_end_former_ones_when_the_configuration_says(string layout)
    {
        var bucket = S3Server.NewBucket();
        using var s3 = (await S3Server.SharedAsync()).Client();
        var tenant = StorageHost.NewTenant();
        await using (var first = await StorageHost.OnS3Async(layout, bucket))
            await first.Provisioner.ProvisionAsync(tenant, None);
        await using var host = await StorageHost.OnS3Async(layout, bucket, settings: ("Saga:Storage:S3:NoncurrentDays", "30"));

        await host.Provisioner.ProvisionAsync(tenant, None);

        var own = layout == "bucket" ? $"{bucket}-{tenant.Compact}" : bucket;
        (await s3.GetBucketVersioningAsync(own)).VersioningConfig.Status.ShouldBe(Amazon.S3.VersionStatus.Enabled);
        var rules = (await s3.GetLifecycleConfigurationAsync(new GetLifecycleConfigurationRequest { BucketName = own })).Configuration.Rules;
        var rule = rules.Single(r => r.Id == "saga-expire-former-versions");
        rule.NoncurrentVersionExpiration.NoncurrentDays.ShouldBe(30);
        (rule.Filter.LifecycleFilterPredicate as LifecyclePrefixPredicate)!.Prefix.ShouldBe("tenants/");
        rules.Count.ShouldBe(2);
    }

    [Theory, InlineData("prefix"), InlineData("bucket")]
    public async Task Should_give_buckets_of_the_version_before_their_rules_at_start(string layout)
    {
        var bucket = S3Server.NewBucket();
        using var s3 = (await S3Server.SharedAsync()).Client();
        await using var host = await StorageHost.OnS3Async(layout, bucket);
        (await host.EnsureBucketRulesAsync()).ShouldBe(0, "nothing is there");
        var own = layout == "bucket" ? $"{bucket}-{StorageHost.NewTenant().Compact}" : bucket;
        await S3Server.MakeBucketAsync(s3, own);
        await S3Server.MakeBucketAsync(s3, $"{bucket}-other");

        (await host.EnsureBucketRulesAsync()).ShouldBe(1);

        (await s3.GetBucketVersioningAsync(own)).VersioningConfig.Status.ShouldBe(Amazon.S3.VersionStatus.Enabled);
        (await s3.GetBucketVersioningAsync($"{bucket}-other")).VersioningConfig?.Status.ShouldNotBe(Amazon.S3.VersionStatus.Enabled, "it is not ours");
    }

    [Fact]
    public async Task Should_encrypt_every_object_with_the_configured_key()
    {
        var bucket = S3Server.NewBucket();
        using var s3 = (await S3Server.SharedAsync()).Client();
        await using var host = await StorageHost.OnS3Async(bucket: bucket, settings: ("Saga:Storage:S3:Encryption", $"kms:{S3Server.EncryptionKey}"));
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, None);
        await host.Objects.For(tenant).PutTextAsync("a", "secret");

        (await host.Objects.For(tenant).GetTextAsync("a")).ShouldBe("secret");
        foreach (var key in new[] { ObjectKey.Prefix(tenant) + "a", $".saga/tenants/{tenant}.json" })
        {
            var shown = await s3.GetObjectMetadataAsync(bucket, key);
            (shown.ServerSideEncryptionMethod.Value, shown.ServerSideEncryptionKeyManagementServiceKeyId).ShouldBe(("aws:kms", S3Server.EncryptionKey), key);
        }

        (await host.Objects.For(tenant).ProtectionAsync(ObjectKey.Parse("a"), None)).Encryption.ShouldBe($"kms:{S3Server.EncryptionKey}");
    }

    [Fact]
    public async Task Should_ask_for_encryption_with_the_servers_keys()
    {
        string? asked = null;
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (r, _) =>
        {
            asked = r.Method == "PUT" && r.Path.Value!.EndsWith("/a", StringComparison.Ordinal) ? r.Headers["x-amz-server-side-encryption"].ToString() : asked;
            return asked is null ? null : S3Front.Error(501, "NotImplemented");
        });
        await using var plain = await StorageHost.OnS3Async(url: front.Url);
        await using var host = await StorageHost.OnS3Async(url: front.Url, settings: ("Saga:Storage:S3:Encryption", "s3"));

        var error = await Should.ThrowAsync<ObjectStoreException>(() => host.Objects.For(StorageHost.NewTenant()).PutTextAsync("a", "x"));

        asked.ShouldBe("AES256");
        error.Kind.ShouldBe(FailureKind.Permanent, "a server that cannot encrypt stores nothing");
    }

    [Fact]
    public async Task Should_store_nothing_when_the_key_is_not_known()
    {
        await using var host = await StorageHost.OnS3Async(settings: ("Saga:Storage:S3:Encryption", "kms:no-such-key"));
        var tenant = StorageHost.NewTenant();

        (await Should.ThrowAsync<ObjectStoreException>(() => host.Provisioner.ProvisionAsync(tenant, None))).Kind.ShouldBe(FailureKind.Permanent);
        (await host.Provisioner.ExistsAsync(tenant, None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_keep_everybody_to_the_tenants_prefix_in_its_own_bucket()
    {
        var bucket = S3Server.NewBucket();
        await using var host = await StorageHost.OnS3Async("bucket", bucket);
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, None);
        using var s3 = (await S3Server.SharedAsync()).Client();
        var own = $"{bucket}-{tenant.Compact}";

        var error = await Should.ThrowAsync<Amazon.S3.AmazonS3Exception>(() => s3.PutObjectAsync(
            new PutObjectRequest { BucketName = own, Key = $"tenants/{StorageHost.NewTenant()}/x", ContentBody = "x", UseChunkEncoding = false }));

        error.ErrorCode.ShouldBe("AccessDenied");
        await host.Objects.For(tenant).PutTextAsync("x", "allowed");
    }

    private static async Task<int> VersionsAsync(Amazon.S3.IAmazonS3 s3, string bucket, TenantId tenant) =>
        (await s3.ListVersionsAsync(bucket, ObjectKey.Prefix(tenant))).Versions?.Count ?? 0;

    private static async Task ShouldBeAwayAsync(Func<Task> call)
    {
        var error = await Should.ThrowAsync<ObjectStoreException>(call);
        error.ShouldSatisfyAllConditions(
            () => error.System.ShouldBe("s3"), () => error.Code.ShouldBe("s3-unavailable"), () => error.Kind.ShouldBe(FailureKind.Outage));
    }
}
