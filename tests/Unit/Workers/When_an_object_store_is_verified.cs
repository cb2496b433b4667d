using System.Collections.Concurrent;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Tenancy.Objects;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Workers;

/// <summary>Faults that a store may have but that a real one does not show on demand.</summary>
public sealed class When_an_object_store_is_verified
{
    private static readonly TenantId Tenant = new(Guid.CreateVersion7());

    [Fact]
    public async Task Should_pass_one_that_is_right_and_leave_nothing_in_it()
    {
        var store = new Store();

        await VerifyAsync(store);

        store.Objects.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_refuse_one_that_gives_back_something_else() =>
        await RefusedAsync(new Store { OnGet = bytes => [.. bytes.Reverse()] }, "differs from the content written");

    [Fact]
    public async Task Should_refuse_one_that_gives_nothing_back() =>
        await RefusedAsync(new Store { OnGet = _ => null }, "differs from the content written");

    [Fact]
    public async Task Should_refuse_one_that_shows_it_to_another_tenant() =>
        await RefusedAsync(new Store { IsShared = true }, "read by another tenant");

    [Fact]
    public async Task Should_refuse_one_that_does_not_delete() =>
        await RefusedAsync(new Store { Keeps = true }, "still exists");

    private static async Task RefusedAsync(Store store, string why)
    {
        var failure = (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(store))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("objects-not-isolated", false));
        failure.Message.ShouldContain(why);
    }

    private static Task VerifyAsync(Store store) => new ObjectsVerification(store).VerifyAsync(
        new StepContext(
            new Tenant
            {
                Id = Tenant, Slug = Slug.Parse("acme"), Name = "Acme", Plan = "basic", Tier = IsolationTier.Row, Status = TenantStatus.Provisioning,
                Subdomain = "acme", Timezone = "UTC", AdminEmail = "admin@example.com", Features = new Dictionary<string, bool>(),
                Settings = new Dictionary<string, System.Text.Json.JsonElement>(), Version = 1, CreatedAt = default, UpdatedAt = default,
            },
            Guid.CreateVersion7(), "verify", attempt: 1, new StepLease(Guid.Empty, "verify", 1, Guid.Empty)),
        TestContext.Current.CancellationToken);

    private sealed class Store : IObjectStore
    {
        public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

        public Func<byte[], byte[]?> OnGet { get; init; } = bytes => bytes;

        public bool IsShared { get; init; }

        public bool Keeps { get; init; }

        public ITenantObjects For(TenantId tenant) => new Of(this, tenant);

        private sealed class Of(Store store, TenantId tenant) : ITenantObjects
        {
            public TenantId Tenant => tenant;

            public async Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
            {
                var bytes = new MemoryStream();
                await content.CopyToAsync(bytes, cancellationToken);
                store.Objects[Path(key)] = bytes.ToArray();
            }

            public Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken) => Task.FromResult<Stream?>(
                store.Objects.TryGetValue(Path(key), out var bytes) && store.OnGet(bytes) is { } given ? new MemoryStream(given) : null);

            public Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken) => Task.FromResult(store.Objects.ContainsKey(Path(key)));

            public IAsyncEnumerable<ObjectEntry> ListAsync(ObjectKey? folder, CancellationToken cancellationToken) => throw new NotSupportedException();

            public Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken)
            {
                if (!store.Keeps)
                    store.Objects.TryRemove(Path(key), out _);
                return Task.CompletedTask;
            }

            private string Path(ObjectKey key) => store.IsShared ? $"{key}" : $"{tenant}/{key}";
        }
    }
}
