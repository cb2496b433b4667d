using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Upgrade;

/// <summary>During a rolling upgrade, processes of the previous version use the migrated registry. The statements are theirs, unchanged.</summary>
public sealed class When_the_previous_version_writes_beside_this_one : IAsyncLifetime
{
    private const string AddCredential =
        """
        insert into tenant_credentials (tenant_id, purpose, username, sealed) values (@Tenant, @purpose, @Username, @Sealed)
        on conflict do nothing
        """;

    private const string AddMigrations =
        """
        insert into tenant_migrations (tenant_id, version, name, checksum)
        select @Tenant, * from unnest(@Versions, @Names, @Checksums) on conflict do nothing
        """;

    private const string SetSchemaVersion =
        """
        update tenants set schema_version = @version, version = version + 1, updated_at = now()
        where id = @Value and schema_version is distinct from @version
        """;

    private NpgsqlDataSource registry = null!;
    private NpgsqlConnection earlier = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        earlier = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        tenant = await Seed.TenantAsync(registry, "acme", placement: new("eu-1", "first", "product"));
    }

    public async ValueTask DisposeAsync()
    {
        await earlier.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_add_a_login_to_the_placement_that_is_built()
    {
        (await AddAsync("database", "one")).ShouldBe(1);
        (await AddAsync("database", "two")).ShouldBe(0, "the first is kept");
        (await AddAsync("cache", "cache")).ShouldBe(1);
        (await AddAsync("cache", "other")).ShouldBe(0, "the first is kept");

        (await registry.ScalarAsync<string>("select string_agg(username || ' ' || coalesce(placement_id::text, 'of the tenant'), ', ' order by purpose) from tenant_credentials"))
            .ShouldBe($"cache of the tenant, one {tenant.Id}");
        (await ReadAsync("database")).ShouldBe("one");
        (await ReadAsync("cache")).ShouldBe("cache");
        (await registry.ScalarAsync<string>("select string_agg(username, ' ' order by purpose) from runtime_v1.credentials")).ShouldBe("cache one");
    }

    [Fact]
    public async Task Should_add_a_login_to_the_current_placement_of_a_tenant_that_moves()
    {
        var moving = await Seed.TenantAsync(registry, "moving", placement: new("eu-1", "first", "product"), status: TenantStatus.Active);
        await moving.BesideAsync("eu-2", IsolationTier.Database);

        await earlier.ExecuteAsync(AddCredential, new { Tenant = moving.Id.Value, purpose = "database", Username = "one", Sealed = Array.Empty<byte>() });

        (await registry.ScalarAsync<Guid>("select placement_id from tenant_credentials")).ShouldBe(moving.Id.Value);
    }

    [Fact]
    public async Task Should_delete_what_it_added()
    {
        await AddAsync("database", "one");
        await AddAsync("cache", "cache");
        await MigrateAsync(1, 2);

        await earlier.ExecuteAsync(
            "delete from tenant_credentials where tenant_id = @Tenant and purpose = @purpose", new { Tenant = tenant.Id.Value, purpose = "database" });
        await earlier.ExecuteAsync("delete from tenant_migrations where tenant_id = @Value", new { tenant.Id.Value });
        await earlier.ExecuteAsync(SetSchemaVersion, new { tenant.Id.Value, version = (int?)null });

        (await registry.ScalarAsync<string>("select string_agg(username, ' ') from tenant_credentials")).ShouldBe("cache");
        (await registry.ScalarAsync<long>("select count(*) from tenant_migrations")).ShouldBe(0);
        (await tenant.ReadAsync()).SchemaVersion.ShouldBeNull();
    }

    [Fact]
    public async Task Should_record_migrations_of_the_placement()
    {
        await MigrateAsync(1, 2);
        await MigrateAsync(1, 2, 3);

        (await registry.ScalarAsync<string>("select string_agg(version || ' ' || placement_id, ', ' order by version) from tenant_migrations"))
            .ShouldBe($"1 {tenant.Id}, 2 {tenant.Id}, 3 {tenant.Id}");
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(3);
    }

    [Fact]
    public async Task Should_read_the_schema_version_that_this_version_wrote()
    {
        var context = await tenant.BeginAsync("database.migrate");
        await using (var transaction = await new LeasedTransactions(registry, new RegistryClock()).BeginAsync(context.Lease, default))
        {
            await PlacementStore.SetSchemaVersionAsync(transaction, tenant.Id, tenant.Id.Value, 4, default);
            await transaction.CommitAsync(default);
        }

        (await earlier.QuerySingleAsync<(int, long)>("select t.schema_version, t.version from tenants t where t.id = @Value", new { tenant.Id.Value })).ShouldBe((4, 2));
    }

    private Task<int> AddAsync(string purpose, string username) =>
        earlier.ExecuteAsync(AddCredential, new { Tenant = tenant.Id.Value, purpose, Username = username, Sealed = Array.Empty<byte>() });

    private async Task<string> ReadAsync(string purpose) => (await earlier.QuerySingleAsync<(string Username, byte[] Sealed)>(
        "select username as Username, sealed as Sealed from tenant_credentials where tenant_id = @Tenant and purpose = @purpose", new { Tenant = tenant.Id.Value, purpose })).Username;

    private async Task MigrateAsync(params int[] versions)
    {
        await earlier.ExecuteAsync(AddMigrations, new
        {
            Tenant = tenant.Id.Value, Versions = versions, Names = versions.Select(v => $"of-{v}").ToArray(), Checksums = versions.Select(_ => "").ToArray(),
        });
        await earlier.ExecuteAsync(SetSchemaVersion, new { tenant.Id.Value, version = versions[^1] });
    }
}
