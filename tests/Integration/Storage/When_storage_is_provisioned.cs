using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

/// <summary>The contract of every adapter of <see cref="Workers.Storage.IStorageProvisioner"/>.</summary>
public abstract class When_storage_is_provisioned : IAsyncLifetime
{
    private StorageHost host = null!;

    public async ValueTask InitializeAsync() => host = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_make_it_once_and_keep_what_is_there()
    {
        var tenant = StorageHost.NewTenant();

        var first = await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
        await host.Objects.For(tenant).PutTextAsync("a", "kept");
        var second = await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);

        second.ShouldBe(first);
        first.Location.ShouldContain(tenant.ToString());
        (await host.Objects.For(tenant).GetTextAsync("a")).ShouldBe("kept");
        (await host.Provisioner.ExistsAsync(tenant, CancellationToken.None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_list_what_tenants_have()
    {
        var tenants = Enumerable.Range(0, 3).Select(_ => StorageHost.NewTenant()).ToList();
        foreach (var tenant in tenants)
        {
            await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
            await host.Objects.For(tenant).PutTextAsync("a", "x");
        }

        await host.Provisioner.RemoveAsync(tenants[2], CancellationToken.None);

        var listed = (await host.Provisioner.ListAsync(CancellationToken.None).ToListAsync()).SelectMany(p => p).ToList();
        listed.Select(l => (l.Tenant, l.IsProvisioned)).ShouldBe([(tenants[0], true), (tenants[1], true)], ignoreOrder: true);
        listed.ShouldAllBe(l => l.MadeAt > DateTimeOffset.UtcNow.AddMinutes(-30) && l.MadeAt < DateTimeOffset.UtcNow.AddMinutes(30));
    }

    [Fact]
    public async Task Should_make_many_at_once()
    {
        var tenants = Enumerable.Range(0, 12).Select(_ => StorageHost.NewTenant()).ToList();

        await Task.WhenAll(tenants.Concat(tenants).Select(t => host.Provisioner.ProvisionAsync(t, CancellationToken.None)));

        foreach (var tenant in tenants)
            (await host.Provisioner.ExistsAsync(tenant, CancellationToken.None)).ShouldBeTrue();
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_remove_all_of_one_and_nothing_of_another()
    {
        var (gone, stays) = (StorageHost.NewTenant(), StorageHost.NewTenant());
        foreach (var tenant in new[] { gone, stays })
        {
            await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
            foreach (var key in new[] { "a", "a/b", "deep/er/c" })
                await host.Objects.For(tenant).PutTextAsync(key, "x");
        }

        await host.Provisioner.RemoveAsync(gone, CancellationToken.None);

        (await host.Provisioner.ExistsAsync(gone, CancellationToken.None)).ShouldBeFalse();
        (await host.Objects.For(stays).KeysAsync()).ShouldBe(["a", "a/b", "deep/er/c"]);
    }

    [Fact]
    public async Task Should_remove_what_was_never_made_and_what_is_gone()
    {
        var tenant = StorageHost.NewTenant();

        await host.Provisioner.RemoveAsync(tenant, CancellationToken.None);
        await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
        await host.Provisioner.RemoveAsync(tenant, CancellationToken.None);
        await host.Provisioner.RemoveAsync(tenant, CancellationToken.None);

        (await host.Provisioner.ExistsAsync(tenant, CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_make_it_again_after_it_was_removed()
    {
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
        await host.Objects.For(tenant).PutTextAsync("old", "x");
        await host.Provisioner.RemoveAsync(tenant, CancellationToken.None);

        await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);

        (await host.Objects.For(tenant).KeysAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_stop_when_told()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => host.Provisioner.ProvisionAsync(StorageHost.NewTenant(), stopped.Token));
    }

    protected abstract Task<StorageHost> StartAsync();
}

public sealed class When_storage_is_provisioned_in_a_folder : When_storage_is_provisioned
{
    protected override Task<StorageHost> StartAsync() => Task.FromResult(StorageHost.OnFolder());
}

public sealed class When_storage_is_provisioned_in_a_shared_bucket : When_storage_is_provisioned
{
    protected override Task<StorageHost> StartAsync() => StorageHost.OnS3Async();
}

public sealed class When_storage_is_provisioned_in_a_bucket_per_tenant : When_storage_is_provisioned
{
    protected override Task<StorageHost> StartAsync() => StorageHost.OnS3Async(layout: "bucket");
}
