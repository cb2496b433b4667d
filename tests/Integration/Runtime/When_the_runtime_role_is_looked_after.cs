using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry;
using Saga.Registry.Schema;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Runtime;

public sealed class When_the_runtime_role_is_looked_after : IAsyncLifetime
{
    private readonly List<string> roles = [];
    private NpgsqlDataSource registry = null!;

    public async ValueTask InitializeAsync() =>
        registry = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync("registry") + ";Persist Security Info=true");

    public async ValueTask DisposeAsync()
    {
        foreach (var role in roles)
            await ExecuteAsync($"reassign owned by {role} to current_user; drop owned by {role} cascade; drop role {role}");
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_be_made_at_start_and_let_nobody_sign_in()
    {
        var role = NewRole("made");

        await Migrator(registry, role).MigrateAsync();

        await using var connection = await registry.OpenConnectionAsync();
        (await connection.QuerySingleAsync<(bool, bool, bool)>("select rolcanlogin, rolsuper, rolcreaterole from pg_roles where rolname = @role", new { role }))
            .ShouldBe((false, false, false));
        (await MayReadAsync(role)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_get_lost_grants_again()
    {
        var role = NewRole("again");
        await Migrator(registry, role).MigrateAsync();
        await ExecuteAsync($"revoke all on all tables in schema runtime_v1 from {role}; revoke all on schema runtime_v1 from {role}");
        (await MayReadAsync(role)).ShouldBeFalse();

        await Migrator(registry, role).MigrateAsync();

        (await MayReadAsync(role)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_asked_for_in_sql_where_the_registrys_user_may_not_create_roles()
    {
        var role = NewRole("asked");
        await using var owner = await OwnerAsync();
        var log = new Warnings();

        await Migrator(owner, role, log).MigrateAsync();

        var told = log.Told.ShouldHaveSingleItem();
        told.ShouldContain($"CREATE ROLE {role} NOLOGIN");
        // A superuser can run the logged statements.
        await ExecuteAsync(told[told.IndexOf("CREATE ROLE", StringComparison.Ordinal)..]);
        (await MayReadAsync(role)).ShouldBeTrue();
        log.Told.Clear();
        await Migrator(owner, role, log).MigrateAsync();
        log.Told.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_granted_by_an_owner_who_is_no_superuser()
    {
        var role = NewRole("granted");
        await ExecuteAsync($"create role {role}");
        await using var owner = await OwnerAsync();

        await Migrator(owner, role).MigrateAsync();

        (await MayReadAsync(role)).ShouldBeTrue();
    }

    private static RegistryMigrator Migrator(NpgsqlDataSource on, string role, ILogger<RegistryMigrator>? log = null) =>
        new(on, log, Options.Create(new RegistryOptions { RuntimeRole = role }));

    private string NewRole(string name)
    {
        var role = $"runtime_{name}_{new NpgsqlConnectionStringBuilder(registry.ConnectionString).Database}".ToLowerInvariant();
        roles.Add(role);
        return role;
    }

    /// <summary>A user who owns the registry's database and has no other rights.</summary>
    private async Task<NpgsqlDataSource> OwnerAsync()
    {
        var user = NewRole("owner");
        var database = new NpgsqlConnectionStringBuilder(registry.ConnectionString).Database;
        await ExecuteAsync($"create role {user} login password 'owner'; alter database {database} owner to {user}; alter schema public owner to {user}");
        return NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(registry.ConnectionString) { Username = user, Password = "owner", Pooling = false }.ConnectionString);
    }

    private async Task<bool> MayReadAsync(string role)
    {
        await using var connection = await registry.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<bool>(
            """
            select has_database_privilege(@role, current_database(), 'connect') and has_schema_privilege(@role, 'runtime_v1', 'usage')
               and has_table_privilege(@role, 'runtime_v1.tenants', 'select') and not has_table_privilege(@role, 'public.tenants', 'select')
            """,
            new { role });
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }

    private sealed class Warnings : ILogger<RegistryMigrator>
    {
        public List<string> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Told.Add(formatter(state, exception));
    }
}
