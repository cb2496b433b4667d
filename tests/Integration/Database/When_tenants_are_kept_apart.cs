using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Saga.Workers.Verification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_tenants_are_kept_apart
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Fact]
    public async Task Should_read_nothing_of_another_row_tenant_whatever_is_set()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (acme, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));
        await world.AddUserAsync(acme);
        await world.AddUserAsync(other);

        await using var session = await world.Connections.OpenAsync(acme.Id, default);
        foreach (var claim in (string[])[acme.Id.ToString(), other.Id.ToString(), "", Guid.NewGuid().ToString()])
        {
            await session.Connection.ExecuteAsync("select set_config('app.tenant_id', @claim, true)", new { claim });
            (await session.Connection.ExecuteScalarAsync<long>("select count(*) from users where tenant_id <> @Value", new { acme.Id.Value })).ShouldBe(0);
            (await session.Connection.ExecuteAsync("update users set display_name = 'x' where tenant_id <> @Value", new { acme.Id.Value })).ShouldBe(0);
        }

        await session.Connection.ExecuteAsync("select set_config('app.tenant_id', @claim, true)", new { claim = acme.Id.ToString() });
        (await session.Connection.ExecuteScalarAsync<long>("select count(*) from users")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_refuse_a_row_written_for_another_tenant()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (acme, other) = (await world.ReadyAsync(IsolationTier.Row), await world.ReadyAsync(IsolationTier.Row));

        await using var session = await world.Connections.OpenAsync(acme.Id, default);
        await session.Connection.ExecuteAsync("select set_config('app.tenant_id', @claim, true)", new { claim = other.Id.ToString() });
        var error = await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync(
            "insert into users (tenant_id, email, display_name) values (@Value, 'a@b.c', 'A')", new { other.Id.Value }));
        error.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task Should_not_use_another_tenants_schema()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (acme, other) = (await world.ReadyAsync(IsolationTier.Schema), await world.ReadyAsync(IsolationTier.Schema));
        (await acme.ReadAsync()).Placement!.Database.ShouldBe((await other.ReadAsync()).Placement!.Database);

        await using var session = await world.Connections.OpenAsync(acme.Id, default);
        var error = await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync($"select 1 from t_{other.Id.Compact}.users"));
        error.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_not_connect_to_anothers_database(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var acme = await world.ReadyAsync(tier);
        var other = await world.ReadyAsync(IsolationTier.Database);

        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(acme.Id, default))
        {
            Database = $"tenant_{other.Id.Compact}", Pooling = false,
        }.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync())).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_be_verified_and_leave_nothing_behind(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);

        await VerifyAsync(world, tenant);
        await VerifyAsync(world, tenant);

        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        (await session.Connection.ExecuteScalarAsync<long>("select count(*) from settings")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_among_the_proofs_once()
    {
        await using var world = await DatabaseWorld.CreateAsync();

        world.Get<IEnumerable<IVerification>>().Count(v => v.Name == "database").ShouldBe(1);
    }

    [Fact]
    public async Task Should_name_what_is_missing_before_the_database_is_made()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Database);
        await world.ExecuteAsync(tenant, StepNames.Reserve);

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure.Code.ShouldBe("database-missing");
    }

    [Fact]
    public async Task Should_name_a_login_that_is_refused()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Schema);
        await world.AdminQueryAsync<string>("postgres", $"alter role t_{tenant.Id.Compact} password 'other'");

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure.Code.ShouldBe("database-login-refused");
        await world.ExecuteAsync(tenant, StepNames.Database);
        await VerifyAsync(world, tenant);
    }

    [Fact]
    public async Task Should_say_that_the_tables_are_missing()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.TenantAsync(IsolationTier.Schema);
        await world.ExecuteAsync(tenant, StepNames.Reserve);
        await world.ExecuteAsync(tenant, StepNames.Database);

        (await Should.ThrowAsync<StepFailureException>(() => VerifyAsync(world, tenant))).Failure.Code.ShouldBe("database-unusable");
    }

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);
}
