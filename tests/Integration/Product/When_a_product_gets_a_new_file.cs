using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Product;

/// <summary>Uses its own server, because the row tier's database is of one product.</summary>
public sealed class When_a_product_gets_a_new_file(OwnServer server) : IClassFixture<OwnServer>
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_upgrade_an_existing_place_and_keep_its_rows(IsolationTier tier)
    {
        using var folders = new ProductFolders();
        await using var before = await WorldAsync(folders.ClinicOf(files: 2));
        var tenant = await before.ReadyAsync(tier);
        await using (var session = await before.Connections.OpenAsync(tenant.Id, default))
            (await session.Connection.ExecuteScalarAsync<bool>("select to_regclass('invoices') is null")).ShouldBeTrue();

        await using var world = await WorldAsync(ProductFolders.Clinic, before);
        await world.ExecuteAsync(tenant, StepNames.Migrate);

        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            (await session.Connection.ExecuteAsync("insert into invoices (number, patient_id, cents) select next_invoice(), id, 100 from patients")).ShouldBe(1);
            await session.CommitAsync(default);
        }

        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
        (await world.RegistryAsync<int>("select max(version) from tenant_migrations")).ShouldBe(3);
    }

    [Fact]
    public async Task Should_not_start_with_a_released_file_that_changed()
    {
        using var folders = new ProductFolders();
        await using var before = await WorldAsync(folders.ClinicOf(files: 3));
        var changed = folders.ClinicOf(files: 3);
        await File.AppendAllTextAsync(Path.Combine(changed, "0002_appointments.sql"), "\n-- changed\n");

        var refused = await Should.ThrowAsync<OptionsValidationException>(() => WorldAsync(changed, before));

        refused.Failures.ShouldHaveSingleItem().ShouldStartWith("Saga:Product:Migrations: 0002_appointments.sql changed after it was released.");
    }

    [Fact]
    public async Task Should_not_start_with_another_product_than_before()
    {
        using var folders = new ProductFolders();
        await using var before = await WorldAsync(folders.ClinicOf(files: 2));

        var refused = await Should.ThrowAsync<OptionsValidationException>(() => WorldAsync(null, before));

        refused.Failures.ShouldContain(f => f.Contains("0001_users.sql takes the place of 0001_patients.sql", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_start_an_earlier_version_beside_a_newer_one()
    {
        using var folders = new ProductFolders();
        await using var newer = await WorldAsync(ProductFolders.Clinic);

        await using var earlier = await WorldAsync(folders.ClinicOf(files: 2), newer);

        (await earlier.RegistryAsync<int>("select count(*)::int from product_versions")).ShouldBe(3);
    }

    private Task<DatabaseWorld> WorldAsync(string? folder, DatabaseWorld? with = null) => DatabaseWorld.CreateAsync(
        with is null ? null : NpgsqlDataSource.Create(with.Registry.ConnectionString), server: server.ConnectionString,
        settings: folder is null ? [] : [("Saga:Product:Migrations", folder)]);
}
