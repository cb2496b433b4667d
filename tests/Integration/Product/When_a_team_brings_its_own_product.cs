using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Integration.Database;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Product;

/// <summary>Uses its own server, because the row tier's database is of one product.</summary>
[IsolationSuite]
public sealed class When_a_team_brings_its_own_product(OwnServer server) : IClassFixture<OwnServer>
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_be_provisioned_with_the_first_rows_of_the_plan_and_be_verified(IsolationTier tier)
    {
        await using var world = await WorldAsync();

        var tenant = await world.ReadyAsync(tier);

        await VerifyAsync(world, tenant);
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        (await session.Connection.QueryAsync<string>("select name from practitioners order by name")).ShouldBe(["First practitioner", "Second practitioner"]);
        await session.Connection.ExecuteAsync(
            """
            insert into appointments (patient_id, practitioner_id, kind, begins_at)
            select p.id, d.id, 'check', '2027-01-04 09:00+00' from patients p, practitioners d order by d.name limit 1;
            insert into invoices (number, patient_id, cents) select next_invoice(), id, 2500 from patients;
            """);
        (await session.Connection.QuerySingleAsync<string>("select patient || ', ' || kind from diary")).ShouldBe("Example patient, Check-up");
        await session.CommitAsync(default);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_show_a_tenant_nothing_of_another(IsolationTier tier)
    {
        await using var world = await WorldAsync();
        var (acme, other) = (await world.ReadyAsync(tier), await world.ReadyAsync(tier));
        await AddPatientAsync(world, acme, "Of acme");
        await AddPatientAsync(world, other, "Of the other");

        await using var session = await world.Connections.OpenAsync(acme.Id, default);
        foreach (var claim in (string[])[other.Id.ToString(), "", Guid.NewGuid().ToString(), acme.Id.ToString()])
        {
            await session.Connection.ExecuteAsync("select set_config('app.tenant_id', @claim, true)", new { claim });
            foreach (var table in (string[])["patients", "practitioners", "appointments", "invoices", "diary"])
                (await session.Connection.ExecuteScalarAsync<long>($"select count(*) from {table} where tenant_id <> @Value", new { acme.Id.Value })).ShouldBe(0, $"{table} as '{claim}'");
        }

        (await session.Connection.QueryAsync<string>("select name from patients order by name")).ShouldBe(["Example patient", "Of acme"]);
        var forged = await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync(
            "insert into patients (tenant_id, name, born_on) values (@Value, 'forged', '1990-01-01')", new { other.Id.Value }));
        forged.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_let_tenants_read_reference_tables_and_not_write_them(IsolationTier tier)
    {
        await using var world = await WorldAsync();
        var tenant = await world.ReadyAsync(tier);

        foreach (var statement in (string[])["update appointment_kinds set minutes = 5", "delete from appointment_kinds", "insert into appointment_kinds values ('x', 'x', 5)", "truncate appointment_kinds"])
        {
            await using var session = await world.Connections.OpenAsync(tenant.Id, default);
            (await session.Connection.ExecuteScalarAsync<long>("select count(*) from appointment_kinds")).ShouldBe(3);
            (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync(statement))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_write_the_first_rows_once(IsolationTier tier)
    {
        await using var world = await WorldAsync();
        var tenant = await world.ReadyAsync(tier);
        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync("delete from practitioners where name = 'First practitioner'");
            await session.CommitAsync(default);
        }

        await world.ExecuteAsync(tenant, StepNames.Migrate);

        await using var again = await world.Connections.OpenAsync(tenant.Id, default);
        (await again.Connection.QueryAsync<string>("select name from practitioners")).ShouldBe(["Second practitioner"]);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_leave_nothing_of_a_tenant_that_goes(IsolationTier tier)
    {
        await using var world = await WorldAsync();
        var (tenant, stays) = (await world.ReadyAsync(tier), await world.ReadyAsync(tier));
        var placement = (await tenant.ReadAsync()).Placement!;
        await AddPatientAsync(world, tenant, "Someone");

        await world.CompensateAllAsync(tenant);

        (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        await VerifyAsync(world, stays);
    }

    [Fact]
    public async Task Should_fail_verification_by_the_products_own_query()
    {
        await using var world = await WorldAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Schema);
        var placement = (await tenant.ReadAsync()).Placement!;
        await world.AdminQueryAsync<string>(placement.Database, $"delete from {placement.Schema}.appointment_kinds where code = 'phone'");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure;

        failure.Code.ShouldBe("product-verification");
        failure.Message.ShouldContain("verify/01_kinds.sql");
    }

    [Fact]
    public async Task Should_keep_the_planner_from_learning_values()
    {
        await using var world = await WorldAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Row);
        await AddPatientAsync(world, tenant, "Someone");
        await world.AdminQueryAsync<string>("saga_rows", "analyze product.patients, product.invoices, product.practitioners");

        (await world.AdminQueryAsync<string>("saga_rows", "select distinct attname::text from pg_stats where schemaname = 'product' and tablename not in ('schema_migrations', 'appointment_kinds')"))
            .ShouldBe(["tenant_id"]);
    }

    private Task<DatabaseWorld> WorldAsync() => DatabaseWorld.CreateAsync(server: server.ConnectionString, settings: ("Saga:Product:Migrations", ProductFolders.Clinic));

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);

    private static async Task AddPatientAsync(DatabaseWorld world, SeededTenant tenant, string name)
    {
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("insert into patients (name, born_on) values (@name, '1990-01-01')", new { name });
        await session.Connection.ExecuteAsync("insert into invoices (number, patient_id, cents) select next_invoice(), id, 100 from patients where name = @name", new { name });
        await session.CommitAsync(default);
    }
}
