using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Secrets;
using Saga.Registry.Tenants;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Runtime;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>A tenant that moves: one placement is current, and another one is built beside it.</summary>
public sealed class When_a_tenant_has_two_placements : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private ServiceProvider workers = null!;
    private SeededTenant tenant = null!;
    private Guid first;
    private TenantPlacement second = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        workers = SealingFixture.On(registry, "k1", ("k1", SealingFixture.First));
        tenant = await Seed.TenantAsync(registry, "acme", placement: new("eu-1", "first", "product"), status: TenantStatus.Active);
        first = tenant.Id.Value;
        second = await tenant.BesideAsync("eu-2", IsolationTier.Database);
    }

    public async ValueTask DisposeAsync()
    {
        await workers.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_keep_their_credentials_apart()
    {
        await SaveAsync(OfPlacement(first), "one", "pass-one");

        (await SaveAsync(OfPlacement(second.Id), "two", "pass-two")).ShouldBe(new Credential("two", "pass-two"));

        (await SaveAsync(OfPlacement(first), "one", "again")).ShouldBe(new Credential("one", "pass-one"), "a second attempt");
        (await SaveAsync(OfPlacement(second.Id), "two", "again")).ShouldBe(new Credential("two", "pass-two"), "a second attempt");
    }

    [Fact]
    public async Task Should_show_runtimes_the_other_login_with_the_other_place()
    {
        await SaveAsync(OfPlacement(first), "one", "pass-one");
        await SaveAsync(OfPlacement(second.Id), "two", "pass-two");
        await SaveAsync(OfTenant(), "cache", "pass-cache");
        (await SeenAsync()).ShouldBe(["eu-1 cache", "eu-1 one"]);

        (await SwitchAsync(1, second.Id)).ShouldBe(SwitchOutcome.Switched);

        (await SeenAsync()).ShouldBe(["eu-2 cache", "eu-2 two"]);
        (await workers.GetRequiredService<TenantCredentials>().FindAsync(tenant.Id, CredentialPurposes.Database, Cancellation)).ShouldBe(new Credential("two", "pass-two"));
        (await SwitchAsync(3, first)).ShouldBe(SwitchOutcome.Switched);
        (await SeenAsync()).ShouldBe(["eu-1 cache", "eu-1 one"], "the first one was kept");
    }

    [Fact]
    public async Task Should_show_runtimes_no_login_of_the_other_place_before_the_switch_commits()
    {
        await SaveAsync(OfPlacement(first), "one", "pass-one");
        await SaveAsync(OfPlacement(second.Id), "two", "pass-two");
        // The switch's last statement waits for this row.
        await using var blocker = await registry.OpenConnectionAsync(Cancellation);
        await using var blocking = await blocker.BeginTransactionAsync(Cancellation);
        await blocker.ExecuteAsync("select 1 from tenants for update");
        var switching = SwitchAsync(1, second.Id);
        await Until.TrueAsync(WaitsAsync, "the switch waits");

        (await SeenAsync()).ShouldBe(["eu-1 one"]);

        await blocking.RollbackAsync(Cancellation);
        await switching;
        (await SeenAsync()).ShouldBe(["eu-2 two"]);
    }

    [Fact]
    public async Task Should_connect_to_the_place_with_its_own_login_when_the_switch_comes_between()
    {
        await SaveAsync(OfPlacement(first), "one", "pass-one");
        await SaveAsync(OfPlacement(second.Id), "two", "pass-two");
        // Whoever reads the credentials waits until the switch has committed.
        await using var blocker = await registry.OpenConnectionAsync(Cancellation);
        await using var switching = await blocker.BeginTransactionAsync(Cancellation);
        await blocker.ExecuteAsync("lock table tenant_credentials in access exclusive mode");
        await using var product = new ProductService(registry, ("r1", RuntimeLogin.Key));
        var reading = product.Connections.ConnectionStringAsync(tenant.Id, Cancellation);
        await Until.TrueAsync(WaitsAsync, "the runtime waits");

        await blocker.ExecuteAsync("update placements set state = 'kept' where state = 'current'; update placements set state = 'current' where state = 'building'");
        await switching.CommitAsync(Cancellation);

        var found = new NpgsqlConnectionStringBuilder(await reading);
        (found.Database, found.Username).ShouldBe((second.Place.Database, "two"));
    }

    [Fact]
    public async Task Should_remove_the_rows_of_one_only()
    {
        await SaveAsync(OfPlacement(first), "one", "pass-one");
        await SaveAsync(OfPlacement(second.Id), "two", "pass-two");
        await SaveAsync(OfTenant(), "cache", "pass-cache");
        await MigratedAsync(first, 4);
        await MigratedAsync(second.Id, 5);

        await WriteAsync(async t =>
        {
            await CredentialStore.DeleteAsync(t, OfPlacement(second.Id), Cancellation);
            await TenantMigrationRows.DeleteAsync(t, second.Id, Cancellation);
            await PlacementStore.SetSchemaVersionAsync(t, tenant.Id, second.Id, null, Cancellation);
        });

        (await registry.ScalarAsync<string>("select string_agg(username, ' ' order by username) from tenant_credentials")).ShouldBe("cache one");
        (await registry.ScalarAsync<string>("select string_agg(name, ' ' order by version) from tenant_migrations")).ShouldBe("of-4");
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(4);
    }

    [Fact]
    public async Task Should_have_a_schema_version_and_migrations_for_each()
    {
        await MigratedAsync(first, 4);
        var before = await tenant.ReadAsync();

        await MigratedAsync(second.Id, 5);

        var beside = await tenant.ReadAsync();
        (beside.SchemaVersion, beside.Version).ShouldBe((4, before.Version), "it is routed to the first");
        (await registry.ScalarAsync<int>("select schema_version from tenants")).ShouldBe(4, "for the previous version");
        await SwitchAsync(1, second.Id);
        var switched = await tenant.ReadAsync();
        (switched.SchemaVersion, switched.Version).ShouldBe((5, before.Version + 1));
        (await registry.ScalarAsync<int>("select schema_version from tenants")).ShouldBe(5, "for the previous version");
        await MigratedAsync(first, 6);
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(5, "the first is kept");
        (await registry.ScalarAsync<string>("select string_agg(name, ' ' order by name) from tenant_migrations")).ShouldBe("of-4 of-5 of-6");
    }

    [Fact]
    public async Task Should_say_where_it_is_routed()
    {
        var current = (await tenant.ReadAsync()).Current.ShouldNotBeNull();
        (current.Place.Server, current.Tier, current.Epoch).ShouldBe(("eu-1", IsolationTier.Database, 1));

        await SwitchAsync(1, second.Id);

        current = (await tenant.ReadAsync()).Current.ShouldNotBeNull();
        (current.Place.Server, current.Epoch, current.Login).ShouldBe(("eu-2", 3, second.Login));
        (await (await Seed.TenantAsync(registry, "new", placement: new("eu-1", "new", "product"))).ReadAsync()).Current.ShouldBeNull("it is not activated");
    }

    private Task<bool> WaitsAsync() => registry.ScalarAsync<bool>(
        "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')");

    private CredentialKey OfPlacement(Guid placement) => CredentialKey.Of(tenant.Id, placement, CredentialPurposes.Database);

    private CredentialKey OfTenant() => CredentialKey.Of(tenant.Id, CredentialPurposes.Cache);

    private async Task<Credential> SaveAsync(CredentialKey key, string username, string password)
    {
        Credential? saved = null;
        await WriteAsync(async t => saved = await workers.GetRequiredService<CredentialStore>().SaveAsync(t, key, username, password, Cancellation));
        return saved!;
    }

    private Task MigratedAsync(Guid placement, int version) => WriteAsync(async t =>
    {
        await TenantMigrationRows.AddAsync(t, tenant.Id, placement, [new TenantMigration(version, $"of-{version}", "")], Cancellation);
        await PlacementStore.SetSchemaVersionAsync(t, tenant.Id, placement, version, Cancellation);
    });

    private async Task WriteAsync(Func<LeasedTransaction, Task> write)
    {
        var context = await tenant.BeginAsync("step");
        await using var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, Cancellation);
        await write(transaction);
        await transaction.CommitAsync(Cancellation);
    }

    private async Task<SwitchOutcome> SwitchAsync(long expectedEpoch, Guid to) =>
        await new PlacementStore(registry, new LeasedTransactions(registry, new RegistryClock())).SwitchAsync((await tenant.BeginAsync("move")).Lease, tenant.Id, expectedEpoch, to, Cancellation);

    private async Task<IEnumerable<string>> SeenAsync()
    {
        await using var connection = await registry.OpenConnectionAsync(Cancellation);
        return await connection.QueryAsync<string>(
            "select p.server || ' ' || c.username from runtime_v1.placements p join runtime_v1.credentials c on c.tenant_id = p.tenant_id order by 1");
    }
}
