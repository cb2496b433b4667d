using Saga.Tenancy.Objects;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

/// <summary>In a folder. S3 does it by the bucket's lifecycle.</summary>
public sealed class When_former_versions_expire
{
    [Fact]
    public async Task Should_remove_what_was_replaced_or_deleted_ninety_days_ago_and_nothing_else()
    {
        var clock = new TestClock(TimeProvider.System.GetUtcNow());
        await using var host = StorageHost.OnFolder(time: clock);
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
        var objects = host.Objects.For(tenant);
        await objects.PutTextAsync("a", "first");
        await objects.PutTextAsync("deleted", "x");
        await objects.PutTextAsync("old/but/current", "x");
        clock.Advance(TimeSpan.FromDays(1));
        await objects.PutTextAsync("a", "second");
        await objects.DeleteAsync(ObjectKey.Parse("deleted"), CancellationToken.None);
        clock.Advance(TimeSpan.FromDays(89));
        await objects.PutTextAsync("a", "third");

        host.ExpireVersions();
        (await CountAsync(objects, "a")).ShouldBe(3, "the first version is former since 89 days");
        clock.Advance(TimeSpan.FromDays(2));
        host.ExpireVersions();

        (await CountAsync(objects, "a")).ShouldBe(2, "the second version is former since two days");
        (await CountAsync(objects, "deleted")).ShouldBe(0);
        (await objects.GetTextAsync("a")).ShouldBe("third");
        (await objects.GetTextAsync("old/but/current")).ShouldBe("x");
    }

    private static async Task<int> CountAsync(ITenantObjects objects, string key) =>
        await objects.VersionsAsync(ObjectKey.Parse(key), CancellationToken.None).CountAsync();
}
