using Amazon.S3.Model;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Objects;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

public sealed class When_a_tenants_storage_is_removed : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme");
    }

    public async ValueTask DisposeAsync() => await registry.DisposeAsync();

    [Theory]
    [InlineData("prefix")]
    [InlineData("bucket")]
    public async Task Should_remove_versions_markers_and_unfinished_uploads_and_see_that_nothing_is_left(string layout)
    {
        var bucket = S3Server.NewBucket();
        await using var host = await StorageHost.OnS3Async(layout, bucket, registry: registry);
        await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), default);
        var own = layout == "prefix" ? bucket : $"{bucket}-{tenant.Id.Compact}";
        using var s3 = (await S3Server.SharedAsync()).Client();
        var objects = host.Objects.For(tenant.Id);
        await objects.PutTextAsync("a", "1");
        await objects.PutTextAsync("a", "2");
        await objects.PutTextAsync("b", "1");
        await objects.DeleteAsync(ObjectKey.Parse("b"), default);
        await s3.InitiateMultipartUploadAsync(own, ObjectKey.Prefix(tenant.Id) + "half");
        var other = StorageHost.NewTenant();
        if (layout == "prefix")
        {
            await host.Provisioner.ProvisionAsync(other, default);
            await host.Objects.For(other).PutTextAsync("a", "theirs");
        }

        var removed = Removed(await RemoveAsync(host));

        (removed.Resource, removed.System).ShouldBe(("objects", "s3"));
        removed.Existed.ShouldBeTrue();
        // Two versions of a, one of b, and the marker of its deletion.
        (removed.Counts["objects"], removed.Counts["uploads"]).ShouldBe((4, 1));
        removed.Name.ShouldContain(tenant.Id.ToString());
        (await host.Provisioner.ExistsAsync(tenant.Id, default)).ShouldBeFalse();
        if (layout == "prefix")
            (await host.Objects.For(other).GetTextAsync("a")).ShouldBe("theirs");

        var again = Removed(await RemoveAsync(host));
        (again.Existed, again.Counts["objects"]).ShouldBe((true, 4), "it is gone already, but the step still tells what it found first");
    }

    [Fact]
    public async Task Should_fail_for_a_while_when_something_is_still_there()
    {
        await using var host = await StorageHost.OnS3Async(registry: registry);
        await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), default);
        // A removal that says nothing and removes nothing.
        var step = new Saga.Workers.Storage.RemoveStorageStep(new Deaf(host.Provisioner), host.Exports, new LeasedTransactions(registry, new()), TimeProvider.System);

        var failure = (await Should.ThrowAsync<StepFailureException>(async () => await step.ExecuteAsync(await tenant.BeginAsync(StepNames.RemoveStorage), default))).Failure;

        (failure.Code, failure.Transient, failure.System).ShouldBe(("still-there", true, "s3"));
    }

    [Fact]
    public async Task Should_touch_nothing_without_the_lease()
    {
        await using var host = await StorageHost.OnS3Async(registry: registry);
        await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), default);
        var stale = await tenant.BeginAsync(StepNames.RemoveStorage);
        await tenant.BeginAsync(StepNames.RemoveStorage);

        await Should.ThrowAsync<LeaseLostException>(() => host.StepOf(StepNames.RemoveStorage).ExecuteAsync(stale, default));

        (await host.Provisioner.ExistsAsync(tenant.Id, default)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_remove_a_folder()
    {
        await using var host = StorageHost.OnFolder(registry);
        await host.Step.ExecuteAsync(await tenant.BeginAsync(StepNames.Storage), default);
        await host.Objects.For(tenant.Id).PutTextAsync("a/b", "1");

        var removed = (await RemoveAsync(host)).ShouldBeOfType<RemovalOutput>().Removed;

        removed.Select(r => (r.Resource, r.System)).ShouldBe([("objects", "folder"), ("exports", "folder")]);
        removed[0].Counts["objects"].ShouldBe(1);
        (await host.Provisioner.ExistsAsync(tenant.Id, default)).ShouldBeFalse();
    }

    private async Task<object?> RemoveAsync(StorageHost host) => await host.StepOf(StepNames.RemoveStorage).ExecuteAsync(await tenant.BeginAsync(StepNames.RemoveStorage), default);

    private static Contracts.Deletion.RemovedResource Removed(object? output) => output.ShouldBeOfType<RemovalOutput>().Removed.Single(r => r.Resource == "objects");

    private sealed class Deaf(Saga.Workers.Storage.IStorageProvisioner real) : Saga.Workers.Storage.IStorageProvisioner
    {
        public string System => real.System;

        public string Location(Contracts.Identifiers.TenantId tenant) => real.Location(tenant);

        public Task<Saga.Workers.Storage.ProvisionedStorage> ProvisionAsync(Contracts.Identifiers.TenantId tenant, CancellationToken cancellationToken) => real.ProvisionAsync(tenant, cancellationToken);

        public Task<Saga.Workers.Storage.StoredObjects> CountAsync(Contracts.Identifiers.TenantId tenant, CancellationToken cancellationToken) => real.CountAsync(tenant, cancellationToken);

        public Task RemoveAsync(Contracts.Identifiers.TenantId tenant, CancellationToken cancellationToken, Action<Saga.Workers.Storage.StoredObjects>? removing = null) => Task.CompletedTask;

        public IAsyncEnumerable<IReadOnlyList<Saga.Workers.Storage.ListedStorage>> ListAsync(CancellationToken cancellationToken) => real.ListAsync(cancellationToken);

        public Task<bool> ExistsAsync(Contracts.Identifiers.TenantId tenant, CancellationToken cancellationToken) => real.ExistsAsync(tenant, cancellationToken);
    }
}
