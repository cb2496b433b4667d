using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Schema;
using Saga.Registry.Secrets;
using Saga.Registry;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Runtime;

public sealed class When_runtime_keys_are_back_filled
{
    private const string Second = "c2Vjb25kIHJ1bnRpbWUga2V5LCAzMiBieXRlcyBsbmc=";

    [Fact]
    public async Task Should_open_for_runtimes_what_was_sealed_before_there_were_any()
    {
        await using var registry = await FromBeforeAsync();
        await using var workers = WorkersFromBefore(registry);
        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        var tenants = await WithSecretAsync(registry);
        tenants.Count.ShouldBe(6);
        (await Should.ThrowAsync<SealingException>(() => SecretAsync(product, tenants[0]))).Message.ShouldContain("the workers have not wrapped it yet");

        // One more tenant has a key but no secret yet.
        (await workers.GetRequiredService<RuntimeKeyBackfill>().RunAsync(default)).ShouldBe(7);

        foreach (var tenant in tenants)
            (await SecretAsync(product, tenant))!.Length.ShouldBe(64);
        (await workers.GetRequiredService<RuntimeKeyBackfill>().RunAsync(default)).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_done_by_workers_that_start()
    {
        await using var registry = await FromBeforeAsync();
        await using var workers = WorkersFromBefore(registry);
        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        var service = workers.GetServices<IHostedService>().OfType<RuntimeKeyBackfillService>().Single();

        await service.StartAsync(default);

        await Until.TrueAsync(async () => await WrappedAsync(registry) == 7, "the keys are wrapped");
        await service.StopAsync(default);
        foreach (var tenant in await WithSecretAsync(registry))
            (await SecretAsync(product, tenant))!.Length.ShouldBe(64);
    }

    [Fact]
    public async Task Should_end_the_same_when_several_run_at_once_and_over_more_than_one_batch()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var workers = Workers(registry);
        var tenants = new List<SeededTenant>();
        // Each takes two connections, and all at once would exhaust the pool.
        foreach (var some in Enumerable.Range(0, 130).Chunk(10))
            tenants.AddRange(await Task.WhenAll(some.Select(i => SealedAsync(registry, workers, $"tenant-{i}"))));
        await ForgetAsync(registry);

        var added = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => BackfillAsync(registry)));

        added.Sum().ShouldBe(tenants.Count);
        (await WrappedAsync(registry)).ShouldBe(tenants.Count);
        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        foreach (var tenant in (SeededTenant[])[tenants[0], tenants[99], tenants[^1]])
            (await FindAsync(product, tenant.Id))!.Password.ShouldBe(tenant.Id.ToString());
    }

    [Fact]
    public async Task Should_happen_on_first_need_before_the_back_fill_came_by()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var workers = Workers(registry);
        var tenant = await SealedAsync(registry, workers, "acme");
        await ForgetAsync(registry);

        await SaveAsync(registry, workers, tenant, CredentialKey.Of(tenant.Id, CredentialPurposes.Cache));

        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        (await FindAsync(product, tenant.Id))!.Password.ShouldBe(tenant.Id.ToString());
    }

    [Fact]
    public async Task Should_continue_past_a_key_whose_master_key_is_missing()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var workers = Workers(registry);
        var (first, second) = (await SealedAsync(registry, workers, "first"), await SealedAsync(registry, workers, "second"));
        await ForgetAsync(registry);
        await ExecuteAsync(registry, "update tenant_keys set master_key_id = 'lost' where tenant_id = @Value", new { first.Id.Value });

        (await BackfillAsync(registry)).ShouldBe(1);

        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        (await FindAsync(product, second.Id)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_serve_the_former_and_the_new_runtime_key_until_the_former_is_withdrawn()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var workers = Workers(registry);
        var tenant = await SealedAsync(registry, workers, "acme");
        await using var former = new ProductService(registry, ("r1", RuntimeLogin.Key));
        await using var latter = new ProductService(registry, ("R2", Second));
        await Should.ThrowAsync<SealingException>(() => FindAsync(latter, tenant.Id));

        (await BackfillAsync(registry, ("Saga:Runtime:Keys:R2", Second))).ShouldBe(1);

        (await FindAsync(former, tenant.Id)).ShouldBe(await FindAsync(latter, tenant.Id));
        await ExecuteAsync(registry, "delete from tenant_runtime_keys where runtime_key_id = 'r1'");
        await Should.ThrowAsync<SealingException>(() => FindAsync(former, tenant.Id));
        (await FindAsync(latter, tenant.Id)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_outlive_a_rotation_of_the_master_key()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var workers = Workers(registry);
        var tenant = await SealedAsync(registry, workers, "acme");
        await using var later = SealingFixture.On(registry, "k2", ("k1", SealingFixture.First), ("k2", SealingFixture.Second));

        (await SealingFixture.RewrapAsync(registry, later.GetRequiredService<TenantSealer>())).ShouldBe(1);

        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        (await FindAsync(product, tenant.Id)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_give_a_key_that_was_destroyed_meanwhile_to_nobody()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var workers = Workers(registry);
        var tenant = await SealedAsync(registry, workers, "acme");
        await ForgetAsync(registry);
        var context = await tenant.BeginAsync("reserve");
        await using var destroying = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default);
        await TenantSealer.DestroyAsync(destroying, tenant.Id, default);

        var filling = BackfillAsync(registry);
        await Until.TrueAsync(
            async () => await ScalarAsync(registry, "select count(*) from pg_locks where not granted and transactionid is not null") > 0 || filling.IsCompleted,
            "the back-fill waits for the destruction, or has passed it");
        await destroying.CommitAsync(default);

        (await filling).ShouldBe(0);
        (await WrappedAsync(registry)).ShouldBe(0);
    }

    /// <summary>A migrated registry of the version before there were runtime keys.</summary>
    private static async Task<NpgsqlDataSource> FromBeforeAsync()
    {
        var registry = await StoredRegistry.LoadAsync("3b48fc0");
        await new RegistryMigrator(registry).MigrateAsync();
        await RuntimeLogin.EnsureAsync(registry);
        return registry;
    }

    private static ServiceProvider WorkersFromBefore(NpgsqlDataSource registry) =>
        SealingFixture.On(registry, "k1", ("k1", Convert.ToBase64String(new byte[32])));

    private static async Task<IReadOnlyList<TenantId>> WithSecretAsync(NpgsqlDataSource registry)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return [.. (await connection.QueryAsync<Guid>("select tenant_id from tenant_settings where sealed is not null")).Select(id => new TenantId(id))];
    }

    private static async Task<string?> SecretAsync(ProductService product, TenantId tenant) =>
        (await product.Settings.FindAsync(tenant, "webhookSigningSecret", default))?.GetString();

    private static ServiceProvider Workers(NpgsqlDataSource registry, params (string Key, string Value)[] settings) =>
        SealingFixture.On(registry, "k1", settings, ("k1", SealingFixture.First));

    private static async Task<int> BackfillAsync(NpgsqlDataSource registry, params (string Key, string Value)[] settings)
    {
        await using var workers = Workers(registry, settings);
        return await workers.GetRequiredService<RuntimeKeyBackfill>().RunAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<SeededTenant> SealedAsync(NpgsqlDataSource registry, ServiceProvider workers, string slug)
    {
        var tenant = await Seed.TenantAsync(registry, slug, placement: new("main", slug, "product"));
        await SaveAsync(registry, workers, tenant, CredentialKey.Of(tenant.Id, tenant.Id.Value, CredentialPurposes.Database));
        return tenant;
    }

    private static async Task SaveAsync(NpgsqlDataSource registry, ServiceProvider workers, SeededTenant tenant, CredentialKey key)
    {
        var context = await tenant.BeginAsync(key.Purpose);
        await using var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default);
        await workers.GetRequiredService<CredentialStore>().SaveAsync(transaction, key, "user", tenant.Id.ToString(), default);
        await transaction.CommitAsync(default);
    }

    private static Task<Credential?> FindAsync(ProductService product, TenantId tenant) =>
        product.Credentials.FindAsync(tenant, CredentialPurposes.Database, default);

    /// <summary>Makes the keys look like keys from before there were runtime keys.</summary>
    private static Task ForgetAsync(NpgsqlDataSource registry) => ExecuteAsync(registry, "delete from tenant_runtime_keys");

    private static Task<long> WrappedAsync(NpgsqlDataSource registry) => ScalarAsync(registry, "select count(*) from tenant_runtime_keys");

    private static async Task<long> ScalarAsync(NpgsqlDataSource registry, string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource registry, string sql, object? parameters = null)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
