using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Host.Embedded;
using Saga.Registry.Leases;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>A database server of its own, because every row tenant of a server shares its tables.</summary>
public sealed class UpgradedServer : IAsyncLifetime
{
    public PrivatePostgres Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await World.NewPostgresAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

public sealed class When_a_place_is_upgraded(UpgradedServer server) : IClassFixture<UpgradedServer>
{
    private const int Older = 4;
    private const int Newer = 5;

    // The shared tables of a server are upgraded once, so each test has its own schema for them.
    private int files;

    [Fact]
    public async Task Should_let_newcomers_join_the_version_of_shared_tables_until_they_are_upgraded_for_all()
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        var first = await old.ReadyAsync(IsolationTier.Row);
        await using var world = await NewAsync(old);

        var second = await ReadyAsync(world);

        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Older);
        ((await first.ReadAsync()).SchemaVersion, (await second.ReadAsync()).SchemaVersion).ShouldBe((Older, Older));

        var upgrade = await OfSharedAsync(world);
        (await ExecuteAsync(world, upgrade)).ShouldContain($"\"fromVersion\":{Older},\"version\":{Newer},\"tenants\":2");

        ((await first.ReadAsync()).SchemaVersion, (await second.ReadAsync()).SchemaVersion).ShouldBe((Newer, Newer));
        (await world.RegistryAsync<long>("select count(*) from tenant_migrations where version = @Newer", new { Newer })).ShouldBe(2);
        // Its answer was lost, and somebody orders it once more.
        (await ExecuteAsync(world, upgrade)).ShouldContain($"\"fromVersion\":{Newer},\"version\":{Newer},\"tenants\":2");
        (await world.AdminQueryAsync<long>(PlacementStore.RowDatabase, $"select count(*) from product.schema_migrations where version = {Newer}")).ShouldBe([1]);

        // A worker of the former version joins too.
        var third = await ReadyAsync(old);
        (await third.ReadAsync()).SchemaVersion.ShouldBe(Newer);
    }

    [Fact]
    public async Task Should_wait_for_whoever_needs_shared_tables_as_they_are_and_let_later_ones_wait()
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        var (before, after) = (await old.ReadyAsync(IsolationTier.Row), await old.ReadyAsync(IsolationTier.Row));
        await using var world = await NewAsync(old);
        var use = world.Get<PlaceUse>();
        await UseAsync(use, before);
        var upgrade = await OfSharedAsync(world);

        var busy = (await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(world, upgrade))).Failure;
        var waits = (await Should.ThrowAsync<StepFailureException>(() => UseAsync(use, after))).Failure;
        // One that has begun goes on.
        await UseAsync(use, before);

        (busy.Code, busy.Kind, waits.Code, waits.Kind).ShouldBe(("place-busy", FailureKind.Overload, "place-upgrading", FailureKind.Overload));
        busy.Message.ShouldContain(before.OperationId.ToString());
        waits.Message.ShouldContain(upgrade.OperationId.ToString());
        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Older);

        await world.Registry.ExecuteAsync("update operations set state = 'completed', finished_at = now() where id = @OperationId", new { before.OperationId });
        await ExecuteAsync(world, upgrade);
        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Newer);
        await world.Registry.ExecuteAsync("update operations set state = 'completed', finished_at = now() where id = @OperationId", new { upgrade.OperationId });
        await UseAsync(use, after);
    }

    [Fact]
    public async Task Should_be_deferred_while_a_lock_is_held_and_change_nothing()
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        await old.ReadyAsync(IsolationTier.Row);
        await using var world = await NewAsync(old, ("Saga:Databases:BlockingSeconds", "1"), ("Saga:Databases:LockSeconds", "2"));
        var upgrade = await OfSharedAsync(world);
        StepFailureException error;
        await using (var blocker = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin) { Database = PlacementStore.RowDatabase, Pooling = false }.ConnectionString))
        {
            await blocker.OpenAsync();
            await using var transaction = await blocker.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("lock table product.users in access share mode", blocker);
            await hold.ExecuteNonQueryAsync();
            error = await Should.ThrowAsync<StepFailureException>(() => ExecuteAsync(world, upgrade));
        }

        (error.Failure.Code, error.Failure.Kind).ShouldBe(("postgresql-locked", FailureKind.Overload));
        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Older);
        await CompensateAsync(world, upgrade);

        await ExecuteAsync(world, upgrade);
        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Newer);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_change_a_tenants_own_place_and_record_it_whenever_it_comes_to_that(IsolationTier tier)
    {
        await using var old = await OldAsync();
        var tenant = await old.ReadyAsync(tier);
        await ActivateAsync(old, tenant);
        await using var world = await NewAsync(old);
        await WishAsync(tenant, own: true);

        await world.ExecuteAsync(tenant, StepNames.MigratePlace);

        var after = await tenant.ReadAsync();
        (after.SchemaVersion, await VersionAsync(after.Placement!.Database, after.Placement.Schema)).ShouldBe((Newer, Newer));
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            await using var read = new NpgsqlCommand("select note from users limit 1", session.Connection);
            await read.ExecuteNonQueryAsync();
        }

        // The worker died before it was recorded, and the window has closed meanwhile.
        await world.Registry.ExecuteAsync("update placements set schema_version = @Older where tenant_id = @Value", new { Older, tenant.Id.Value });
        await WishAsync(tenant, own: true, closes: DateTimeOffset.UnixEpoch);
        await world.ExecuteAsync(tenant, StepNames.MigratePlace);
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(Newer);
    }

    [Fact]
    public async Task Should_not_begin_after_its_window_nor_without_the_files()
    {
        await using var old = await OldAsync();
        var tenant = await old.ReadyAsync(IsolationTier.Database);
        await ActivateAsync(old, tenant);
        await using var world = await NewAsync(old);
        await WishAsync(tenant, own: true, closes: DateTimeOffset.UnixEpoch);
        var closed = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.MigratePlace))).Failure;
        await WishAsync(tenant, own: true);
        var older = (await Should.ThrowAsync<StepFailureException>(() => old.ExecuteAsync(tenant, StepNames.MigratePlace))).Failure;

        (closed.Code, closed.Kind, older.Code, older.Kind).ShouldBe(("window-closed", FailureKind.Permanent, "product-older", FailureKind.Overload));
        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(Older);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_let_a_tenant_take_the_version_of_shared_tables_along(IsolationTier to)
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        var tenant = await old.ReadyAsync(IsolationTier.Row);
        await ActivateAsync(old, tenant);
        await using var world = await NewAsync(old);
        await MoveAsync(world, tenant, to);

        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(world, tenant, step);

        var moved = await tenant.ReadAsync();
        (moved.Tier, await VersionAsync(moved.Placement!.Database, moved.Placement.Schema), await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe((to, Older, Older));
    }

    [Fact]
    public async Task Should_not_let_a_newer_place_move_into_older_shared_tables()
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        await old.ReadyAsync(IsolationTier.Row);
        await using var world = await NewAsync(old);
        var tenant = await ReadyAsync(world, IsolationTier.Schema);
        await ActivateAsync(world, tenant);
        await MoveAsync(world, tenant, IsolationTier.Row);
        await MoveWorld.RunAsync(world, tenant, StepNames.ReserveMove);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => MoveWorld.RunAsync(world, tenant, StepNames.CreateMove))).Failure;

        (failure.Code, failure.Kind).ShouldBe(("place-behind", FailureKind.Permanent));
        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Older);
    }

    [Theory]
    [InlineData(IsolationTier.Row, Newer)]
    [InlineData(IsolationTier.Schema, Older)]
    public async Task Should_let_a_tenant_go_back_in_the_version_of_shared_tables(IsolationTier from, int version)
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        var tenant = await old.ReadyAsync(from);
        await ActivateAsync(old, tenant);
        await MoveAsync(old, tenant, from == IsolationTier.Row ? IsolationTier.Schema : IsolationTier.Row);
        foreach (var step in MoveWorld.Steps)
            await MoveWorld.RunAsync(old, tenant, step);
        await using var world = await NewAsync(old);
        await world.Registry.ExecuteAsync("delete from place_uses");
        if (version == Newer)
        {
            var upgrade = await OfSharedAsync(world);
            await ExecuteAsync(world, upgrade);
            await world.Registry.ExecuteAsync("update operations set state = 'completed', finished_at = now() where id = @OperationId", new { upgrade.OperationId });
        }

        await MoveWorld.RunAsync(world, tenant, StepNames.BeginRevert);

        var places = await world.RegistryAsync<string>("select string_agg(database || '/' || schema, ' ') from placements where tenant_id = @Value and state in ('current', 'kept')", new { tenant.Id.Value });
        foreach (var place in places.Split(' ').Select(p => p.Split('/')))
            (await VersionAsync(place[0], place[1])).ShouldBe(version, place[0]);
    }

    [Fact]
    public async Task Should_not_wait_for_each_other_when_two_operations_cross_two_upgrades()
    {
        await ForgetAsync();
        await using var world = await OldAsync();
        var (first, second) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        var (third, ofA, ofB) = (await world.ReadyAsync(IsolationTier.Row), await OfSharedAsync(world), await OfSharedAsync(world));
        var (a, b) = (new Placement("a", PlacementStore.RowDatabase, PlacementStore.ProductSchema), new Placement("b", PlacementStore.RowDatabase, PlacementStore.ProductSchema));
        // Each has backed up its rows before it goes to the other's place.
        (await BeginAsync(world, first, a)).ShouldBeNull();
        (await BeginAsync(world, second, b)).ShouldBeNull();
        (await CloseAsync(world, ofA, a)).ShouldBe([first.OperationId]);
        (await CloseAsync(world, ofB, b)).ShouldBe([second.OperationId]);

        (await BeginAsync(world, third, a, b)).ShouldBe(ofA.OperationId, "it has used nothing that an upgrade waits for");
        (await BeginAsync(world, first, a, b)).ShouldBeNull();
        await EndAsync(world, second);
        await EndAsync(world, first);
        (await CloseAsync(world, ofB, b)).ShouldBeEmpty();
        // It has begun, so nobody goes there any more.
        await world.Registry.ExecuteAsync("insert into place_uses (server, database, operation_id) values ('a', @RowDatabase, @OperationId)", new { PlacementStore.RowDatabase, third.OperationId });
        (await BeginAsync(world, third, a, b)).ShouldBe(ofB.OperationId);
        // Also when it looks once more.
        (await CloseAsync(world, ofB, b)).ShouldBeEmpty();
        (await BeginAsync(world, third, b)).ShouldBe(ofB.OperationId);

        static async Task<Guid?> BeginAsync(DatabaseWorld world, SeededTenant tenant, params Placement[] places)
        {
            await using var transaction = await world.Get<LeasedTransactions>().BeginAsync((await tenant.BeginAsync(StepNames.CreateMove)).Lease, default);
            var upgrade = await PlaceUses.BeginAsync(transaction, places, tenant.OperationId, default);
            if (upgrade is null)
                await transaction.CommitAsync(default);
            return upgrade;
        }

        static async Task<Guid[]> CloseAsync(DatabaseWorld world, SeededTenant upgrade, Placement place)
        {
            await using var transaction = await world.Get<LeasedTransactions>().BeginAsync((await upgrade.BeginAsync(StepNames.MigratePlace)).Lease, default);
            var users = await PlaceUses.CloseAsync(transaction, place, upgrade.OperationId, default);
            await transaction.CommitAsync(default);
            return [.. users.Select(u => u.OperationId)];
        }

        static Task EndAsync(DatabaseWorld world, SeededTenant tenant) =>
            world.Registry.ExecuteAsync("update operations set state = 'completed', finished_at = now() where id = @OperationId", new { tenant.OperationId });
    }

    // Shared tables of an earlier test.
    private async Task ForgetAsync()
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.Server.ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"drop database if exists {PlacementStore.RowDatabase} with (force)", connection);
        await drop.ExecuteNonQueryAsync();
    }

    private Task<DatabaseWorld> OldAsync() => DatabaseWorld.CreateAsync(server: server.Server.ConnectionString("postgres"));

    // Further workers of the same installation, with a new file.
    private async Task<DatabaseWorld> NewAsync(DatabaseWorld old, params (string Key, string Value)[] settings)
    {
        var registry = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(await PostgresServer.AdminConnectionStringAsync()) { Database = new NpgsqlConnectionStringBuilder(old.Registry.ConnectionString).Database }.ConnectionString);
        return await DatabaseWorld.CreateAsync(
            registry,
            services => services.AddSingleton(new ProductMigrations([.. ProductMigrations.Embedded().All, new ProductMigration(Newer, "0005_note", $"alter table users add column note text; comment on column users.note is '{++files}'")])),
            server.Server.ConnectionString("postgres"), settings: settings);
    }

    private static async Task<SeededTenant> ReadyAsync(DatabaseWorld world, IsolationTier tier = IsolationTier.Row)
    {
        var tenant = await Seed.TenantAsync(world.Registry, $"new-{Guid.NewGuid():n}"[..20], "custom", tier);
        foreach (var step in (string[])[StepNames.Reserve, StepNames.Database, StepNames.Migrate])
            await world.ExecuteAsync(tenant, step);
        return tenant;
    }

    private static Task ActivateAsync(DatabaseWorld world, SeededTenant tenant) => world.Registry.ExecuteAsync(
        "update placements set state = 'current' where tenant_id = @Value; update tenants set status = 'active' where id = @Value", new { tenant.Id.Value });

    private static async Task<SeededTenant> OfSharedAsync(DatabaseWorld world)
    {
        await world.Registry.ExecuteAsync("update placements set state = 'current' where tier = 'row' and state = 'building'");
        var operation = await Seed.TenantAsync(world.Registry, $"fleet-{Guid.NewGuid():n}"[..20], tier: IsolationTier.Row);
        await WishAsync(operation, own: false);
        return operation;
    }

    private static async Task WishAsync(SeededTenant operation, bool own, DateTimeOffset? closes = null)
    {
        var place = own ? (await operation.ReadAsync()).Placement! : new Placement("main", PlacementStore.RowDatabase, PlacementStore.ProductSchema);
        await operation.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new
            {
                operation.OperationId,
                Input = JsonSerializer.Serialize(
                    new UpgradePlace
                    {
                        TenantId = own ? operation.Id : null, Server = place.Server, Database = place.Database, Schema = place.Schema, TargetVersion = Newer, ClosesAt = closes,
                    },
                    Json.Options),
            });
    }

    private static Task MoveAsync(DatabaseWorld world, SeededTenant tenant, IsolationTier to) => world.Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId",
        new
        {
            tenant.OperationId,
            Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, Isolation = to.ToString().ToLowerInvariant(), MigrationOptions = new() { Downtime = true } }, Json.Options),
        });

    private static async Task UseAsync(PlaceUse use, SeededTenant tenant) =>
        await use.BeginAsync(await tenant.BeginAsync(StepNames.CreateMove), default, (await tenant.ReadAsync()).Placed!);

    private static async Task<string> ExecuteAsync(DatabaseWorld world, SeededTenant operation) =>
        JsonSerializer.Serialize(await world.Step(StepNames.MigratePlace).ExecuteAsync(await BeginAsync(operation), default), Json.Options);

    private static async Task CompensateAsync(DatabaseWorld world, SeededTenant operation) => await world.Step(StepNames.MigratePlace).CompensateAsync(await BeginAsync(operation), default);

    // An operation that concerns no tenant.
    private static async Task<StepContext> BeginAsync(SeededTenant operation)
    {
        var begun = await operation.BeginAsync(StepNames.MigratePlace);
        return new StepContext(null, begun.OperationId, begun.Step, 1, begun.Lease).With(begun.Inputs);
    }

    private async Task<int> VersionAsync(string database, string schema)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.Server.ConnectionString("postgres")) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var read = new NpgsqlCommand($"select max(version) from {schema}.schema_migrations", connection);
        return (int)(await read.ExecuteScalarAsync())!;
    }
}
