using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
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

    [Fact]
    public async Task Should_pass_one_without_versions_that_says_so() =>
        await VerifyAsync(new Store { Protection = new() { KeepsVersions = null } });

    [Fact]
    public async Task Should_refuse_one_that_lost_what_was_replaced() =>
        await UnprotectedAsync(new Store { Forgets = true }, null, "former content", transient: false);

    [Fact]
    public async Task Should_wait_for_versions_that_are_off() =>
        await UnprotectedAsync(new Store { Protection = new() { KeepsVersions = false } }, null, "keeps no versions", transient: true);

    [Theory]
    [InlineData(30, "kept for 30 days instead of 90")]
    [InlineData(null, "kept for ever days instead of 90")]
    public async Task Should_wait_for_a_lifecycle_with_other_days(int? days, string why) =>
        await UnprotectedAsync(new Store { Protection = new() { KeepsVersions = true, NoncurrentDays = days } }, null, why, transient: true);

    [Fact]
    public async Task Should_name_somebody_elses_rule_that_ends_versions_before()
    {
        await UnprotectedAsync(new Store { Protection = new() { KeepsVersions = true, NoncurrentDays = 30, ForeignRule = "tidy" } }, null, "lifecycle rule 'tidy', which is not Saga's, ends former versions after 30 days", transient: false);
        await VerifyAsync(new Store { Protection = new() { KeepsVersions = true, NoncurrentDays = 90, ForeignRule = "same" } });
    }

    [Theory]
    [InlineData("s3", "none", false)]
    [InlineData("s3", "kms:other", false)]
    [InlineData("s3", "s3", true)]
    [InlineData("kms:one", "s3", false)]
    [InlineData("kms:one", "kms:other", false)]
    [InlineData("kms:one", "kms:one", true)]
    [InlineData("kms:one", "kms:arn:aws:kms:eu-central-1:1:key/one", true)]
    [InlineData("none", "kms:other", true)]
    public async Task Should_require_the_configured_encryption(string configured, string told, bool good)
    {
        var store = new Store { Protection = new() { KeepsVersions = true, NoncurrentDays = 90, Encryption = told } };
        if (good)
            await VerifyAsync(store, configured);
        else
            await UnprotectedAsync(store, configured, $"encrypted with '{told}' instead of '{configured}'", transient: false);
        store.Objects.ShouldBeEmpty();
    }

    private static async Task UnprotectedAsync(Store store, string? encryption, string why, bool transient)
    {
        var failure = (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(store, encryption))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("objects-unprotected", transient));
        failure.Message.ShouldContain(why);
        store.Objects.ShouldBeEmpty();
    }

    private static async Task RefusedAsync(Store store, string why)
    {
        var failure = (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(store))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("objects-not-isolated", false));
        failure.Message.ShouldContain(why);
    }

    private static Task VerifyAsync(Store store, string? encryption = null) => new ObjectsVerification(
        store, Options.Create(new StorageOptions { Adapter = StorageOptions.S3Adapter, S3 = new() { Encryption = encryption ?? S3StorageOptions.NoEncryption } })).VerifyAsync(
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
        // The versions of each object, newest last. A deletion has no content.
        public ConcurrentDictionary<string, List<(string Id, byte[]? Content)>> Objects { get; } = new();

        public Func<byte[], byte[]?> OnGet { get; init; } = bytes => bytes;

        public bool IsShared { get; init; }

        public bool Keeps { get; init; }

        public bool Forgets { get; init; }

        public ObjectProtection Protection { get; init; } = new() { KeepsVersions = true, NoncurrentDays = 90 };

        public ITenantObjects For(TenantId tenant) => new Of(this, tenant);

        private sealed class Of(Store store, TenantId tenant) : ITenantObjects
        {
            public TenantId Tenant => tenant;

            public async Task PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
            {
                var bytes = new MemoryStream();
                await content.CopyToAsync(bytes, cancellationToken);
                if (store.Forgets)
                    store.Objects.TryRemove(Path(key), out _);
                store.Objects.GetOrAdd(Path(key), _ => []).Add((Guid.NewGuid().ToString(), bytes.ToArray()));
            }

            public Task<Stream?> GetAsync(ObjectKey key, CancellationToken cancellationToken) => Task.FromResult<Stream?>(
                Versions(key) is [.., (_, { } bytes)] && store.OnGet(bytes) is { } given ? new MemoryStream(given) : null);

            public Task<Stream?> GetAsync(ObjectKey key, string version, CancellationToken cancellationToken) => Task.FromResult<Stream?>(
                Versions(key).Find(v => v.Id == version).Content is { } bytes ? new MemoryStream(bytes) : null);

            public Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken) => Task.FromResult(Versions(key) is [.., (_, not null)]);

            public IAsyncEnumerable<ObjectEntry> ListAsync(ObjectKey? folder, CancellationToken cancellationToken) => throw new NotSupportedException();

            public Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken) => throw new NotSupportedException("It would leave a version.");

            public Task DeleteAsync(ObjectKey key, string version, CancellationToken cancellationToken)
            {
                if (!store.Keeps && Versions(key) is var versions && versions.RemoveAll(v => v.Id == version) == 1 && versions.Count == 0)
                    store.Objects.TryRemove(Path(key), out _);
                return Task.CompletedTask;
            }

            public IAsyncEnumerable<ObjectVersion> VersionsAsync(ObjectKey key, CancellationToken cancellationToken) => Versions(key).AsEnumerable().Reverse()
                .Select((v, at) => new ObjectVersion(v.Id, v.Content?.Length ?? 0, default, IsCurrent: at == 0, IsDeletion: v.Content is null)).ToList().ToAsyncEnumerable();

            public Task<ObjectProtection> ProtectionAsync(ObjectKey key, CancellationToken cancellationToken) => Task.FromResult(store.Protection);

            private List<(string Id, byte[]? Content)> Versions(ObjectKey key) => store.Objects.GetValueOrDefault(Path(key)) ?? [];

            private string Path(ObjectKey key) => store.IsShared ? $"{key}" : $"{tenant}/{key}";
        }
    }
}
