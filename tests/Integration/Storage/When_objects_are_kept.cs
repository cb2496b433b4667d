using Saga.Tenancy.Objects;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Storage;

/// <summary>The contract of every adapter of <see cref="ITenantObjects"/>.</summary>
public abstract class When_objects_are_kept : IAsyncLifetime
{
    private StorageHost host = null!;
    private ITenantObjects objects = null!;

    public async ValueTask InitializeAsync()
    {
        host = await StartAsync();
        var tenant = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(tenant, CancellationToken.None);
        objects = host.Objects.For(tenant);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_give_back_what_was_put()
    {
        await objects.PutTextAsync("a/b.txt", "first");
        await objects.PutTextAsync("a/b.txt", "second");

        (await objects.GetTextAsync("a/b.txt")).ShouldBe("second");
        var entry = await SingleAsync(objects);
        entry.ShouldSatisfyAllConditions(() => entry.Key.ShouldBe("a/b.txt"), () => entry.Bytes.ShouldBe(6));
        entry.ModifiedAt.ShouldBe(TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Should_return_null_for_missing_things()
    {
        (await objects.GetTextAsync("nothing")).ShouldBeNull();
        await objects.PutTextAsync("a/b", "x");
        (await objects.GetTextAsync("a")).ShouldBeNull();
        (await objects.GetTextAsync("a/b/c")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_tell_what_is_there()
    {
        (await objects.ExistsAsync(ObjectKey.Parse("a/b"), CancellationToken.None)).ShouldBeFalse();
        await objects.PutTextAsync("a/b", "x");

        (await objects.ExistsAsync(ObjectKey.Parse("a/b"), CancellationToken.None)).ShouldBeTrue();
        (await objects.ExistsAsync(ObjectKey.Parse("a"), CancellationToken.None)).ShouldBeFalse();
        (await host.Objects.For(StorageHost.NewTenant()).ExistsAsync(ObjectKey.Parse("a/b"), CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_delete_twice()
    {
        await objects.PutTextAsync("a", "x");

        await objects.DeleteAsync(ObjectKey.Parse("a"), CancellationToken.None);
        await objects.DeleteAsync(ObjectKey.Parse("a"), CancellationToken.None);
        await objects.DeleteAsync(ObjectKey.Parse("never/was"), CancellationToken.None);

        (await objects.GetTextAsync("a")).ShouldBeNull();
        (await objects.KeysAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_an_object_beside_a_folder_of_its_name()
    {
        await objects.PutTextAsync("a", "object");
        await objects.PutTextAsync("a/b", "below");

        (await objects.GetTextAsync("a")).ShouldBe("object");
        (await objects.GetTextAsync("a/b")).ShouldBe("below");
    }

    [Fact]
    public async Task Should_list_a_folder_and_not_its_namesakes()
    {
        foreach (var key in new[] { "t1/x", "t1/y/z", "t10/x", "t1", "other" })
            await objects.PutTextAsync(key, key);

        (await objects.KeysAsync("t1")).ShouldBe(["t1/x", "t1/y/z"]);
        (await objects.KeysAsync()).Count.ShouldBe(5);
        (await objects.KeysAsync("nothing")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_odd_keys_apart()
    {
        string[] keys = ["a b", "a+b", "a&b=c?d#e", "ä/ö", "日本/語", "😀", "a..b", "...", "~", "con", "a'\"<>|*:b", new string('x', ObjectKey.MaxBytes), "dir/" + new string('é', 300) + "/end"];
        foreach (var key in keys)
            await objects.PutTextAsync(key, key);

        foreach (var key in keys)
            (await objects.GetTextAsync(key)).ShouldBe(key);
        (await objects.KeysAsync()).ShouldBe(keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Should_find_a_key_by_its_other_spelling()
    {
        await objects.PutTextAsync("cafe\u0301", "decomposed");

        (await objects.GetTextAsync("caf\u00e9")).ShouldBe("decomposed");
    }

    [Fact]
    public async Task Should_take_a_stream_that_cannot_tell_its_length()
    {
        var bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        await using var content = System.IO.Pipelines.PipeReader.Create(new MemoryStream(bytes)).AsStream();

        await objects.PutAsync(ObjectKey.Parse("big"), content, CancellationToken.None);

        await using var back = await objects.GetAsync(ObjectKey.Parse("big"), CancellationToken.None);
        var read = new MemoryStream();
        await back!.CopyToAsync(read);
        read.ToArray().ShouldBe(bytes);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_show_nothing_to_another_tenant()
    {
        await objects.PutTextAsync("secret", "mine");
        var other = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(other, CancellationToken.None);
        var theirs = host.Objects.For(other);

        (await theirs.GetTextAsync("secret")).ShouldBeNull();
        (await theirs.GetTextAsync($"tenants/{objects.Tenant}/secret")).ShouldBeNull();
        (await theirs.KeysAsync()).ShouldBeEmpty();
        await theirs.DeleteAsync(ObjectKey.Parse("secret"), CancellationToken.None);
        (await objects.GetTextAsync("secret")).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_keep_what_is_replaced_or_deleted()
    {
        var key = ObjectKey.Parse("a/b.txt");
        await objects.PutTextAsync("a/b.txt", "first");
        await objects.PutTextAsync("a/b.txt", "second");
        await objects.PutTextAsync("a/b.txt2", "another object");
        await objects.DeleteAsync(key, CancellationToken.None);
        await objects.DeleteAsync(ObjectKey.Parse("never/was"), CancellationToken.None);
        await objects.PutTextAsync("a/b.txt", "third");

        var versions = await VersionsAsync("a/b.txt");

        versions.Select(v => (v.Text, v.Version.IsCurrent, v.Version.IsDeletion)).ShouldBe([("third", true, false), (null, false, true), ("second", false, false), ("first", false, false)]);
        versions.Select(v => v.Version.Bytes).ShouldBe([5, 0, 6, 5]);
        versions.Select(v => v.Version.Id).Distinct().Count().ShouldBe(4);
        (await objects.KeysAsync()).ShouldBe(["a/b.txt", "a/b.txt2"], "former versions are not listed");
    }

    [Fact]
    public async Task Should_remove_versions_for_good_one_by_one()
    {
        var key = ObjectKey.Parse("a");
        await objects.PutTextAsync("a", "first");
        await objects.PutTextAsync("a", "second");
        await objects.DeleteAsync(key, CancellationToken.None);
        var versions = await VersionsAsync("a");

        await objects.DeleteAsync(key, versions[0].Version.Id, CancellationToken.None);
        (await objects.GetTextAsync("a")).ShouldBe("second", "the deletion is gone");
        await objects.DeleteAsync(key, versions[1].Version.Id, CancellationToken.None);
        (await objects.GetTextAsync("a")).ShouldBe("first");
        await objects.DeleteAsync(key, versions[2].Version.Id, CancellationToken.None);
        await objects.DeleteAsync(key, versions[2].Version.Id, CancellationToken.None);

        (await objects.ExistsAsync(key, CancellationToken.None)).ShouldBeFalse();
        (await VersionsAsync("a")).ShouldBeEmpty();
        (await GetVersionAsync(key, versions[2].Version.Id)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_say_how_it_protects_an_object()
    {
        await objects.PutTextAsync("a", "x");

        (await objects.ProtectionAsync(ObjectKey.Parse("a"), CancellationToken.None)).ShouldBe(new ObjectProtection { KeepsVersions = true, NoncurrentDays = 90, Encryption = "none" });
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_show_no_version_to_another_tenant()
    {
        await objects.PutTextAsync("secret", "first");
        await objects.PutTextAsync("secret", "second");
        var version = (await VersionsAsync("secret"))[1].Version.Id;
        var other = StorageHost.NewTenant();
        await host.Provisioner.ProvisionAsync(other, CancellationToken.None);
        var theirs = host.Objects.For(other);

        (await theirs.VersionsAsync(ObjectKey.Parse("secret"), CancellationToken.None).ToListAsync()).ShouldBeEmpty();
        await theirs.DeleteAsync(ObjectKey.Parse("secret"), version, CancellationToken.None);
        (await theirs.GetAsync(ObjectKey.Parse("secret"), version, CancellationToken.None)).ShouldBeNull();
        (await VersionsAsync("secret")).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_refuse_a_key_without_a_value()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => objects.DeleteAsync(default, CancellationToken.None));
        await Should.ThrowAsync<InvalidOperationException>(() => objects.PutAsync(default, Stream.Null, CancellationToken.None));
    }

    protected abstract Task<StorageHost> StartAsync();

    private async Task<List<(string? Text, ObjectVersion Version)>> VersionsAsync(string key)
    {
        var versions = new List<(string?, ObjectVersion)>();
        await foreach (var version in objects.VersionsAsync(ObjectKey.Parse(key), CancellationToken.None))
            versions.Add((await GetVersionAsync(ObjectKey.Parse(key), version.Id), version));
        return versions;
    }

    private async Task<string?> GetVersionAsync(ObjectKey key, string version)
    {
        await using var content = await objects.GetAsync(key, version, CancellationToken.None);
        if (content is null)
            return null;
        using var reader = new StreamReader(content);
        return await reader.ReadToEndAsync();
    }

    private static async Task<ObjectEntry> SingleAsync(ITenantObjects objects)
    {
        var entries = new List<ObjectEntry>();
        await foreach (var entry in objects.ListAsync(null, CancellationToken.None))
            entries.Add(entry);
        return entries.ShouldHaveSingleItem();
    }
}

public sealed class When_objects_are_kept_in_a_folder : When_objects_are_kept
{
    protected override Task<StorageHost> StartAsync() => Task.FromResult(StorageHost.OnFolder());
}

public sealed class When_objects_are_kept_in_s3 : When_objects_are_kept
{
    protected override Task<StorageHost> StartAsync() => StorageHost.OnS3Async();
}

public sealed class When_objects_are_kept_in_a_bucket_per_tenant : When_objects_are_kept
{
    protected override Task<StorageHost> StartAsync() => StorageHost.OnS3Async(layout: "bucket");
}
