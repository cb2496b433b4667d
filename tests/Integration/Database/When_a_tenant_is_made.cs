using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_tenant_is_made
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_keep_rows_for_its_own_login(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);

        await world.AddUserAsync(tenant, withDocument: true);

        await using (var session = await world.Connections.OpenAsync(tenant.Id, default))
        {
            (await session.Connection.QuerySingleAsync<Guid>("select tenant_id from documents")).ShouldBe(tenant.Id.Value);
            (await session.Connection.ExecuteScalarAsync<string>("select current_user")).ShouldBe($"t_{tenant.Id.Compact}");
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_change_nothing_when_it_runs_again(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        await world.AddUserAsync(tenant);

        var before = (await tenant.ReadAsync(), await world.Connections.ConnectionStringAsync(tenant.Id, default));
        foreach (var step in (string[])[StepNames.Reserve, StepNames.Database, StepNames.Migrate])
            await world.ExecuteAsync(tenant, step);
        var after = (await tenant.ReadAsync(), await world.Connections.ConnectionStringAsync(tenant.Id, default));

        after.Item1.Placement.ShouldBe(before.Item1.Placement);
        after.Item2.ShouldBe(before.Item2);
        await using var again = await world.Connections.OpenAsync(tenant.Id, default);
        (await again.Connection.ExecuteScalarAsync<long>("select count(*) from users")).ShouldBe(1);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_record_its_migrations(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);

        (await tenant.ReadAsync()).SchemaVersion.ShouldBe(4);
        (await world.RegistryAsync<string>(
            "select string_agg(version || ' ' || name, ', ' order by version) from tenant_migrations where tenant_id = @Value", new { tenant.Id.Value }))
            .ShouldBe("1 0001_users, 2 0002_documents, 3 0003_settings, 4 0004_place");
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_give_the_login_no_rights_beyond_rows(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);

        string[] forbidden =
        [
            "truncate settings", "drop table settings", "alter table settings disable row level security", "create table mine (id int)",
            "insert into tenants (tenant_id) values (gen_random_uuid())", "delete from tenants", "delete from schema_migrations",
            "set role saga_rows_owner", $"set role \"t_{tenant.Id.Compact}_owner\"", "create role other", "create database other",
            "create schema other", "drop policy own_rows on settings",
        ];
        foreach (var sql in forbidden)
        {
            await using var session = await world.Connections.OpenAsync(tenant.Id, default);
            var error = await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync(sql), sql);
            error.SqlState.ShouldBeOneOf(PostgresErrorCodes.InsufficientPrivilege, PostgresErrorCodes.ActiveSqlTransaction, PostgresErrorCodes.UndefinedObject, PostgresErrorCodes.InvalidParameterValue);
        }

        (await world.AdminQueryAsync<string>(
            "postgres",
            $"select rolname from pg_roles where starts_with(rolname, 't_{tenant.Id.Compact}') and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)"))
            .ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_own_its_database_by_a_role_nobody_signs_in_as()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(IsolationTier.Database);
        var database = $"tenant_{tenant.Id.Compact}";

        (await world.AdminQueryAsync<string>(
            "postgres", $"select rolname || ' ' || rolcanlogin from pg_database d join pg_roles r on r.oid = d.datdba where datname = '{database}'"))
            .ShouldBe([$"t_{tenant.Id.Compact}_owner false"]);
        (await world.AdminQueryAsync<string>(database, "select distinct tableowner::text from pg_tables where schemaname = 'product'"))
            .ShouldBe([$"t_{tenant.Id.Compact}_owner"]);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_refuse_another_password_and_keep_it_sealed(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var own = new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false };
        var password = own.Password!;
        password.Length.ShouldBe(64);

        own.Password = new string('0', 64);
        await using var connection = new NpgsqlConnection(own.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync())).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
        var kept = await world.RegistryAsync<byte[]>("select sealed from tenant_credentials where tenant_id = @Value", new { tenant.Id.Value });
        System.Text.Encoding.Latin1.GetString(kept).ShouldNotContain(password);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_limit_connections_as_the_plan_says(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        await using (var change = world.Registry.CreateCommand(
            "update plan_versions set definition = jsonb_set(definition, '{limits,databaseConnections}', '2') where name = 'custom'"))
        {
            await change.ExecuteNonQueryAsync();
        }

        var tenant = await world.ReadyAsync(tier);
        var own = new NpgsqlConnectionStringBuilder(await world.Connections.ConnectionStringAsync(tenant.Id, default)) { Pooling = false }.ConnectionString;
        await world.Connections.CloseAsync(tenant.Id);
        var open = new List<NpgsqlConnection>();
        try
        {
            for (var i = 0; i < 2; i++)
            {
                open.Add(new NpgsqlConnection(own));
                await open[^1].OpenAsync();
            }

            await using var third = new NpgsqlConnection(own);
            (await Should.ThrowAsync<PostgresException>(() => third.OpenAsync())).SqlState.ShouldBe(PostgresErrorCodes.TooManyConnections);
            // The database has none, because it would count the workers' sessions.
            var database = (await tenant.ReadAsync()).Placement!.Database;
            (await world.AdminQueryAsync<int>("postgres", $"select datconnlimit from pg_database where datname = '{database}'"))
                .ShouldHaveSingleItem().ShouldBe(-1);
        }
        finally
        {
            foreach (var connection in open)
                await connection.DisposeAsync();
        }
    }

    // Policies do not apply to a table's owner unless they are forced.
    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_show_no_rows_to_the_owner_of_the_tables_either(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        await world.AddUserAsync(tenant, withDocument: true);

        var (database, schema) = ((await tenant.ReadAsync()).Placement!.Database, (await tenant.ReadAsync()).Placement!.Schema);
        foreach (var table in (string[])["tenants", "users", "documents", "settings"])
        {
            var owner = (await world.AdminQueryAsync<string>(database, $"select tableowner from pg_tables where schemaname = '{schema}' and tablename = '{table}'")).ShouldHaveSingleItem();
            var count = $"select count(*) from \"{schema}\".{table}";

            (await world.AdminQueryAsync<long>(database, count)).ShouldHaveSingleItem().ShouldBeGreaterThan(0, table);
            (await world.AdminQueryAsync<long>(database, $"set role \"{owner}\"; {count}")).ShouldHaveSingleItem().ShouldBe(0, table);
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_not_let_the_public_connect(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        var database = (await tenant.ReadAsync()).Placement!.Database;
        var stranger = $"stranger_{Guid.NewGuid():n}";
        await world.AdminQueryAsync<string>("postgres", $"create role {stranger} login password 'stranger'");

        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(world.Admin)
        {
            Username = stranger, Password = "stranger", Database = database, Pooling = false,
        }.ConnectionString);
        (await Should.ThrowAsync<PostgresException>(() => connection.OpenAsync())).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }
}
