using System.Collections.Concurrent;
using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

/// <summary>The steps of a rotation on a real server: two logins in turn.</summary>
[IsolationSuite]
public sealed class When_a_login_is_rotated
{
    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_let_both_in_until_the_former_one_is_barred_and_turn_back_the_next_time(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        await world.AddUserAsync(tenant);
        var (first, former) = (await LoginAsync(world, tenant), await ConnectionStringAsync(world, tenant));

        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        (await LoginAsync(world, tenant)).ShouldBe(first, "runtimes do not see the new one yet");
        await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);

        (await LoginAsync(world, tenant)).ShouldBe($"{first}_b");
        (await UsersAsync(await ConnectionStringAsync(world, tenant), tenant)).ShouldBe(1, "it has the tenant's rows");
        await using var open = new NpgsqlConnection(former);
        await open.OpenAsync();
        (await UsersAsync(former, tenant)).ShouldBe(1, "the former one goes on working");

        await world.ExecuteAsync(tenant, StepNames.RetireLogin);

        await Should.ThrowAsync<NpgsqlException>(() => open.ExecuteScalarAsync("select 1"));
        (await Should.ThrowAsync<PostgresException>(() => UsersAsync(former, tenant))).SqlState.ShouldBeOneOf(PostgresErrorCodes.InvalidPassword, PostgresErrorCodes.InvalidAuthorizationSpecification);
        (await RolesAsync(world, tenant)).ShouldNotContain(first);
        await VerifyAsync(world, tenant);
        (await PurposesAsync(world)).ShouldBe("database");

        await BeginNextAsync(world, tenant);
        foreach (var step in (string[])[StepNames.AddLogin, StepNames.SwitchCredentials, StepNames.RetireLogin])
            await world.ExecuteAsync(tenant, step);

        (await LoginAsync(world, tenant)).ShouldBe(first);
        (await RolesAsync(world, tenant)).ShouldNotContain($"{first}_b");
        await VerifyAsync(world, tenant);
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_change_nothing_more_when_a_step_runs_again(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);

        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        var made = await SealedAsync(world, "database.next");
        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        (await SealedAsync(world, "database.next")).ShouldBe(made, "a killed attempt may have set the password");
        var until = await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);
        (await world.ExecuteAsync(tenant, StepNames.SwitchCredentials)).ShouldBe(until);
        var now = await LoginAsync(world, tenant);
        await world.ExecuteAsync(tenant, StepNames.RetireLogin);
        (await world.ExecuteAsync(tenant, StepNames.RetireLogin)).ShouldBeNull();

        (await LoginAsync(world, tenant)).ShouldBe(now);
        await VerifyAsync(world, tenant);
        (await world.RegistryAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantCredentialsRotated'")).ShouldBe(1);
        (await world.RegistryAsync<long>("select count(*) from audit where action = 'credentials.switch'")).ShouldBe(1);
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_be_undone_before_the_switch_without_a_trace(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        var (first, roles) = (await LoginAsync(world, tenant), await RolesAsync(world, tenant));
        await world.CompensateAsync(tenant, StepNames.AddLogin);
        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        (await RolesAsync(world, tenant)).ShouldContain($"{first}_b");

        await world.CompensateAsync(tenant, StepNames.SwitchCredentials);
        await world.CompensateAsync(tenant, StepNames.AddLogin);
        await world.CompensateAsync(tenant, StepNames.AddLogin);

        (await RolesAsync(world, tenant)).ShouldBe(roles);
        (await PurposesAsync(world)).ShouldBe("database");
        (await LoginAsync(world, tenant)).ShouldBe(first);
        await VerifyAsync(world, tenant);
    }

    [Fact]
    public async Task Should_not_be_undone_after_the_switch()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);

        (await Should.ThrowAsync<StepFailureException>(() => world.CompensateAsync(tenant, StepNames.SwitchCredentials))).Failure.Code.ShouldBe("credentials-switched");
        await world.CompensateAsync(tenant, StepNames.AddLogin);

        await VerifyAsync(world, tenant);
    }

    [Fact]
    public async Task Should_do_nothing_without_the_lease()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        foreach (var step in (string[])[StepNames.AddLogin, StepNames.SwitchCredentials, StepNames.RetireLogin])
        {
            var stale = await tenant.BeginAsync(step);
            await tenant.BeginAsync(step);
            await Should.ThrowAsync<LeaseLostException>(() => world.Step(step).ExecuteAsync(stale, default));
        }

        (await PurposesAsync(world)).ShouldBe("database");
    }

    [Fact]
    public async Task Should_not_switch_to_a_login_that_was_never_made()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Row);

        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.SwitchCredentials))).Failure.Code.ShouldBe("credential-missing");
        (await world.RegistryAsync<long>("select count(*) from credential_rotations")).ShouldBe(0);
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_refuse_a_new_login_that_cannot_use_the_rows(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await ActiveAsync(world, tier);
        await world.AdminQueryAsync<int>((await tenant.ReadAsync()).Placement!.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}' returning 1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(tenant, StepNames.AddLogin))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("login-unusable", false));
        (await LoginAsync(world, tenant)).ShouldNotEndWith("_b");
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_fail_no_request_while_runtimes_change_over(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: ("Saga:Connections:RefreshSeconds", "1"));
        var tenant = await ActiveAsync(world, tier);
        var (logins, failures, stop) = (new ConcurrentDictionary<string, int>(StringComparer.Ordinal), new ConcurrentQueue<Exception>(), false);
        var requests = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!Volatile.Read(ref stop))
            {
                try
                {
                    await using var session = await world.Connections.OpenAsync(tenant.Id, default);
                    await session.Connection.ExecuteAsync("insert into users (email, display_name) values (gen_random_uuid() || '@acme.com', 'A')");
                    var login = await session.Connection.ExecuteScalarAsync<string>("select session_user::text");
                    await session.CommitAsync(default);
                    logins.AddOrUpdate(login!, 1, (_, n) => n + 1);
                }
                catch (Exception error)
                {
                    failures.Enqueue(error);
                }
            }
        })).ToArray();
        var first = await LoginAsync(world, tenant);
        await SeenAsync(first, 10);

        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);
        await SeenAsync($"{first}_b", 10);
        // Requests that began with the former login have ended.
        await Until.TrueAsync(async () => (await world.AdminQueryAsync<long>("postgres", $"select count(*) from pg_stat_activity where usename = '{first}'")).Single() == 0, "the runtime has changed over");
        await world.ExecuteAsync(tenant, StepNames.RetireLogin);
        await SeenAsync($"{first}_b", logins[$"{first}_b"] + 10);

        Volatile.Write(ref stop, true);
        await Task.WhenAll(requests);
        failures.ShouldBeEmpty();
        (await UsersAsync(await ConnectionStringAsync(world, tenant), tenant)).ShouldBe(logins.Values.Sum(), "every request that succeeded is there");

        Task SeenAsync(string login, int times) => Until.TrueAsync(() => Task.FromResult(logins.GetValueOrDefault(login) >= times), $"{times} requests of {login}");
    }

    [Fact]
    public async Task Should_let_a_runtime_that_has_not_looked_since_find_the_new_login()
    {
        await using var world = await DatabaseWorld.CreateAsync(settings: ("Saga:Connections:RefreshSeconds", "3600"));
        var tenant = await ActiveAsync(world, IsolationTier.Row);
        await world.AddUserAsync(tenant);
        var first = await LoginAsync(world, tenant);
        await world.ExecuteAsync(tenant, StepNames.AddLogin);
        await world.ExecuteAsync(tenant, StepNames.SwitchCredentials);
        // What the retirement does on the server, without closing this process's own pool.
        await world.AdminQueryAsync<bool>("postgres", $"select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '{first}'");
        await world.AdminQueryAsync<int>("postgres", $"alter role {first} nologin");

        await using var session = await world.Connections.OpenAsync(tenant.Id, default);

        (await session.Connection.ExecuteScalarAsync<string>("select session_user::text")).ShouldBe($"{first}_b");
    }

    // A tenant in use, whose operation is a rotation.
    private static async Task<SeededTenant> ActiveAsync(DatabaseWorld world, IsolationTier tier)
    {
        var tenant = await world.ReadyAsync(tier);
        await world.Registry.ExecuteAsync(
            "update placements set state = 'current'; update tenants set status = 'active'; update operations set input = @Input::jsonb",
            new { Input = JsonSerializer.Serialize(new RotateCredentials { TenantId = tenant.Id, What = ["database"] }, Saga.Contracts.Json.Options) });
        return tenant;
    }

    private static Task BeginNextAsync(DatabaseWorld world, SeededTenant tenant) => world.Registry.ExecuteAsync("delete from credential_rotations where operation_id = @OperationId", new { tenant.OperationId });

    private static async Task VerifyAsync(DatabaseWorld world, SeededTenant tenant) =>
        await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), default);

    private static async Task<string> LoginAsync(DatabaseWorld world, SeededTenant tenant)
    {
        var login = (await tenant.ReadAsync()).Placed!.Login;
        new NpgsqlConnectionStringBuilder(await ConnectionStringAsync(world, tenant)).Username.ShouldBe(login);
        return login;
    }

    private static Task<string> ConnectionStringAsync(DatabaseWorld world, SeededTenant tenant) => world.Connections.ConnectionStringAsync(tenant.Id, default);

    private static async Task<long> UsersAsync(string connectionString, SeededTenant tenant)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("select saga.enter(@Value, @Epoch)", new { tenant.Id.Value, (await tenant.ReadAsync()).Placed!.Epoch }, transaction);
        return await connection.ExecuteScalarAsync<long>("select count(*) from users", transaction: transaction);
    }

    private static Task<IReadOnlyList<string>> RolesAsync(DatabaseWorld world, SeededTenant tenant) =>
        world.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where starts_with(rolname, 't_{tenant.Id.Compact}') order by 1");

    private static Task<string> PurposesAsync(DatabaseWorld world) => world.RegistryAsync<string>($"select string_agg(purpose, ' ' order by purpose) from tenant_credentials where purpose <> '{CredentialPurposes.Cache}'");

    private static Task<string> SealedAsync(DatabaseWorld world, string purpose) => world.RegistryAsync<string>("select encode(sealed, 'hex') from tenant_credentials where purpose = @purpose", new { purpose });
}
