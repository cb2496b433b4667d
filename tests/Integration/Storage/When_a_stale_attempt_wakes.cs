using Amazon.S3;
using Amazon.S3.Model;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

/// <summary>An attempt was paused while its compensation ran. The test checks what the S3 server contains afterwards.</summary>
public sealed class When_a_stale_attempt_wakes : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly string bucket = S3Server.NewBucket();
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;
    private IAmazonS3 s3 = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme");
        s3 = (await S3Server.SharedAsync()).Client();
    }

    public async ValueTask DisposeAsync()
    {
        s3.Dispose();
        await registry.DisposeAsync();
    }

    [Theory, InlineData("prefix"), InlineData("bucket")]
    public async Task Should_make_nothing_when_it_slept_in_front_of_its_first_change(string layout)
    {
        await using var host = await StorageHost.OnS3Async(layout, bucket, registry: registry);
        var stale = await tenant.BeginAsync(StepNames.Storage);
        await host.Step.CompensateAsync(await tenant.BeginAsync(StepNames.Storage), None);

        // As if it had started earlier and now made its first change.
        using (new LeasedTransactions(registry, new RegistryClock()).Guard(stale.Lease))
            await Should.ThrowAsync<LeaseLostException>(() => host.Provisioner.ProvisionAsync(tenant.Id, None));

        (await BucketsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_make_nothing_when_it_was_frozen_after_the_registry_had_said_yes()
    {
        await using var host = await StorageHost.OnS3Async("bucket", bucket, registry: registry);
        var frozen = await tenant.BeginAsync(StepNames.Storage);

        using (new LeasedTransactions(registry, new RegistryClock()).Guard(frozen.Lease, stands: () => false))
            await Should.ThrowAsync<LeaseLostException>(() => host.Provisioner.ProvisionAsync(tenant.Id, None));

        (await BucketsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_put_no_policy_on_a_bucket_that_it_made_before_it_slept()
    {
        await using var front = await S3Front.StartAsync((await S3Server.SharedAsync()).Url, (request, _) =>
        {
            // The newer dispatch arrives after the bucket is created and before its rules are set.
            if (request.Method == "GET" && request.Query.ContainsKey("lifecycle"))
                tenant.BeginAsync(StepNames.Storage).GetAwaiter().GetResult();
            return null;
        });
        await using var host = await StorageHost.OnS3Async("bucket", bucket, front.Url, registry: registry);

        await Should.ThrowAsync<LeaseLostException>(async () => await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), None));

        var changes = front.Seen.Where(r => !r.StartsWith("GET", StringComparison.Ordinal) && !r.StartsWith("HEAD", StringComparison.Ordinal)).ToList();
        changes.ShouldHaveSingleItem("the bucket itself").ShouldStartWith("PUT");
        (await s3.GetBucketPolicyAsync((await BucketsAsync()).ShouldHaveSingleItem())).Policy.ShouldContain("NoSuchBucketPolicy");
        await host.Step.CompensateAsync(await tenant.BeginAsync(StepNames.Storage), None);
        (await BucketsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_delete_nothing_that_a_newer_attempt_made()
    {
        await using var host = await StorageHost.OnS3Async("prefix", bucket, registry: registry);
        var stale = await tenant.BeginAsync(StepNames.Storage);
        await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), None);
        await host.Objects.For(tenant.Id).PutTextAsync("kept", "x");

        using (new LeasedTransactions(registry, new RegistryClock()).Guard(stale.Lease))
            await Should.ThrowAsync<LeaseLostException>(() => host.Provisioner.RemoveAsync(tenant.Id, None));

        (await s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket })).S3Objects.Count.ShouldBe(2, "the marker and the object");
    }

    private async Task<List<string>> BucketsAsync() =>
        [.. ((await s3.ListBucketsAsync()).Buckets ?? []).Select(b => b.BucketName).Where(b => b.StartsWith(bucket, StringComparison.Ordinal))];
}
