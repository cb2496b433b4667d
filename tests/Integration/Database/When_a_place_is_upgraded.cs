using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Host.Embedded;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Database.Migrations;
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
    public async Task Should_let_newcomers_join_the_version_of_shared_tables()
    {
        await ForgetAsync();
        await using var old = await OldAsync();
        var first = await old.ReadyAsync(IsolationTier.Row);
        await using var world = await NewAsync(old);

        var second = await ReadyAsync(world);

        (await VersionAsync(PlacementStore.RowDatabase, PlacementStore.ProductSchema)).ShouldBe(Older);
        ((await first.ReadAsync()).SchemaVersion, (await second.ReadAsync()).SchemaVersion).ShouldBe((Older, Older));
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

    private static Task MoveAsync(DatabaseWorld world, SeededTenant tenant, IsolationTier to) => world.Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId",
        new
        {
            tenant.OperationId,
            Input = JsonSerializer.Serialize(new MigrateTenant { TenantId = tenant.Id, Isolation = to.ToString().ToLowerInvariant(), MigrationOptions = new() { Downtime = true } }, Json.Options),
        });

    private async Task<int> VersionAsync(string database, string schema)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.Server.ConnectionString("postgres")) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var read = new NpgsqlCommand($"select max(version) from {schema}.schema_migrations", connection);
        return (int)(await read.ExecuteScalarAsync())!;
    }
}
