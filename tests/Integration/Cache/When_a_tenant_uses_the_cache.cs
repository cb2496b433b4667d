using System.Text;
using Saga.Contracts.Identifiers;
using Saga.Tenancy.Cache;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Cache;

/// <summary>The contract of every adapter of <see cref="ITenantCache"/>.</summary>
public abstract class When_a_tenant_uses_the_cache : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private WorkerHost host = null!;
    private ITenantCache cache = null!;

    public async ValueTask InitializeAsync()
    {
        host = await StartAsync();
        cache = For(WorkerHost.NewTenant());
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_give_back_the_newest_value()
    {
        await SetAsync(cache, "a", "first");
        await SetAsync(cache, "a", "sécond\0\r\n");

        (await GetAsync(cache, "a")).ShouldBe("sécond\0\r\n");
        (await GetAsync(cache, "A")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_delete_once()
    {
        await SetAsync(cache, "a", "x");

        (await cache.DeleteAsync(CacheKey.Parse("a"), CancellationToken.None)).ShouldBeTrue();
        (await cache.DeleteAsync(CacheKey.Parse("a"), CancellationToken.None)).ShouldBeFalse();
        (await GetAsync(cache, "a")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_forget_at_the_end_of_its_time()
    {
        await cache.SetAsync(CacheKey.Parse("a"), "x"u8.ToArray(), TimeSpan.FromMilliseconds(1), CancellationToken.None);

        await Until.TrueAsync(async () => await GetAsync(cache, "a") is null);
        (await cache.DeleteAsync(CacheKey.Parse("a"), CancellationToken.None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_count_each_of_many_at_once()
    {
        var counts = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => CountAsync("n", Long)));

        counts.Order().ShouldBe(Enumerable.Range(1, 100).Select(n => (long)n));
    }

    [Fact]
    public async Task Should_start_counting_again_after_the_window()
    {
        await CountAsync("n", TimeSpan.FromMilliseconds(1));

        // Each count starts a new window after the previous one ended; without an expiry the count would keep growing.
        await Until.TrueAsync(async () => await CountAsync("n", TimeSpan.FromMilliseconds(1)) == 1);
    }

    [Fact]
    public async Task Should_not_prolong_the_window_by_counting()
    {
        await CountAsync("n", TimeSpan.FromMilliseconds(200));

        await Until.TrueAsync(async () => await CountAsync("n", Long) == 1);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_show_nothing_to_another_tenant()
    {
        var other = For(WorkerHost.NewTenant());
        await SetAsync(cache, "a", "mine");
        await CountAsync("n", Long);

        (await GetAsync(other, "a")).ShouldBeNull();
        (await GetAsync(other, $"t:{cache.Tenant}:a")).ShouldBeNull();
        (await other.DeleteAsync(CacheKey.Parse("a"), CancellationToken.None)).ShouldBeFalse();
        (await other.CountAsync(CacheKey.Parse("n"), Long, CancellationToken.None)).ShouldBe(1);
        (await GetAsync(cache, "a")).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_refuse_an_invalid_time()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => cache.SetAsync(CacheKey.Parse("a"), "x"u8.ToArray(), TimeSpan.Zero, CancellationToken.None));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => CountAsync("a", TimeSpan.FromSeconds(-1)));
        (await GetAsync(cache, "a")).ShouldBeNull();
    }

    [Fact]
    public async Task Should_refuse_to_count_a_value_that_is_not_a_number()
    {
        await SetAsync(cache, "a", "text");

        var error = await Should.ThrowAsync<CacheException>(() => CountAsync("a", Long));

        error.IsTransient.ShouldBeFalse();
        (await GetAsync(cache, "a")).ShouldBe("text");
    }

    [Fact]
    public async Task Should_refuse_a_key_without_a_value()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => cache.GetAsync(default, CancellationToken.None));
        await Should.ThrowAsync<InvalidOperationException>(() => cache.DeleteAsync(default, CancellationToken.None));
    }

    [Fact]
    public async Task Should_stop_when_told()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => cache.GetAsync(CacheKey.Parse("a"), stopped.Token));
    }

    protected abstract Task<WorkerHost> StartAsync();

    private ITenantCache For(TenantId tenant) => host.Get<ICacheStore>().For(tenant);

    private Task<long> CountAsync(string key, TimeSpan window) => cache.CountAsync(CacheKey.Parse(key), window, CancellationToken.None);

    private static Task SetAsync(ITenantCache cache, string key, string value) =>
        cache.SetAsync(CacheKey.Parse(key), Encoding.UTF8.GetBytes(value), Long, CancellationToken.None);

    private static async Task<string?> GetAsync(ITenantCache cache, string key) =>
        await cache.GetAsync(CacheKey.Parse(key), CancellationToken.None) is { } value ? Encoding.UTF8.GetString(value) : null;
}

public sealed class When_a_tenant_uses_the_cache_in_process : When_a_tenant_uses_the_cache
{
    protected override Task<WorkerHost> StartAsync() => Task.FromResult(CacheHost.InProcess());
}

public sealed class When_a_tenant_uses_the_cache_in_redis : When_a_tenant_uses_the_cache
{
    protected override async Task<WorkerHost> StartAsync() => CacheHost.On(await RedisServer.SharedAsync());
}
