using Npgsql;
using Saga.Registry;
using Saga.Registry.Schema;
using Saga.Registry.Tenants;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

[IsolationSuite]
public sealed class When_programs_have_roles_of_their_own : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        await ProgramLogins.EnsureAsync(registry);
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Theory]
    [InlineData(ProgramLogins.Api)]
    [InlineData(ProgramLogins.Orchestrator)]
    [InlineData(ProgramLogins.Workers)]
    [InlineData(ProgramLogins.Steps)]
    public async Task Should_read_a_tenant(string login)
    {
        var tenant = await Seed.TenantAsync(registry, "acme");
        await using var program = NpgsqlDataSource.Create(ProgramLogins.On(registry.ConnectionString, login));

        (await new TenantStore(program).FindAsync(tenant.Id, TestContext.Current.CancellationToken)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(ProgramLogins.Api, "delete from audit")]
    [InlineData(ProgramLogins.Api, "update audit set actor = 'x'")]
    [InlineData(ProgramLogins.Api, "truncate audit")]
    [InlineData(ProgramLogins.Api, "update operations set state = 'completed'")]
    [InlineData(ProgramLogins.Api, "update operation_steps set status = 'succeeded'")]
    [InlineData(ProgramLogins.Api, "delete from operation_history")]
    [InlineData(ProgramLogins.Api, "update tenants set status = 'active'")]
    [InlineData(ProgramLogins.Api, "select * from tenant_credentials")]
    [InlineData(ProgramLogins.Api, "select * from tenant_keys")]
    [InlineData(ProgramLogins.Api, "select * from tenant_runtime_keys")]
    [InlineData(ProgramLogins.Api, "select * from backup_keys")]
    [InlineData(ProgramLogins.Api, "select * from backup_data_keys")]
    [InlineData(ProgramLogins.Api, "update backups set state = 'failed'")]
    [InlineData(ProgramLogins.Orchestrator, "select * from backup_data_keys")]
    [InlineData(ProgramLogins.Api, "select body from outbox")]
    [InlineData(ProgramLogins.Api, "update plan_versions set definition = '{}'")]
    [InlineData(ProgramLogins.Api, "delete from plan_versions")]
    [InlineData(ProgramLogins.Api, "create table mine (id int)")]
    [InlineData(ProgramLogins.Api, "alter table operations add column mine int")]
    [InlineData(ProgramLogins.Orchestrator, "delete from audit")]
    [InlineData(ProgramLogins.Orchestrator, "update audit set actor = 'x'")]
    [InlineData(ProgramLogins.Orchestrator, "select * from tenant_credentials")]
    [InlineData(ProgramLogins.Orchestrator, "select * from tenant_keys")]
    [InlineData(ProgramLogins.Orchestrator, "update tenants set status = 'active'")]
    [InlineData(ProgramLogins.Orchestrator, "delete from tenants")]
    [InlineData(ProgramLogins.Orchestrator, "update plan_versions set definition = '{}'")]
    [InlineData(ProgramLogins.Workers, "delete from audit")]
    [InlineData(ProgramLogins.Workers, "select detail from audit")]
    [InlineData(ProgramLogins.Workers, "update operations set state = 'completed'")]
    [InlineData(ProgramLogins.Workers, "update operation_steps set status = 'succeeded'")]
    [InlineData(ProgramLogins.Workers, "update operation_steps set fence = fence + 1")]
    [InlineData(ProgramLogins.Workers, "insert into operation_steps (operation_id, step) values (gen_random_uuid(), 'x')")]
    [InlineData(ProgramLogins.Workers, "insert into operation_history (operation_id, at, event) values (gen_random_uuid(), now(), 'completed')")]
    [InlineData(ProgramLogins.Workers, "insert into tenants (id) values (gen_random_uuid())")]
    [InlineData(ProgramLogins.Workers, "update tenants set slug = 'other'")]
    [InlineData(ProgramLogins.Workers, "delete from tenants")]
    [InlineData(ProgramLogins.Workers, "select * from idempotency_keys")]
    [InlineData(ProgramLogins.Workers, "select body from dead_letters")]
    [InlineData(ProgramLogins.Workers, "insert into registry_migrations (version, name, checksum) values (9999, 'x', 'x')")]
    [InlineData(ProgramLogins.Orchestrator, "insert into custom_steps (version, steps, set_by, set_at) values (1, '[]', 'x', now())")]
    [InlineData(ProgramLogins.Api, "update custom_steps set steps = '[]'")]
    [InlineData(ProgramLogins.Api, "delete from custom_steps")]
    [InlineData(ProgramLogins.Workers, "select * from custom_steps")]
    [InlineData(ProgramLogins.Steps, "select * from tenant_credentials")]
    [InlineData(ProgramLogins.Steps, "select * from tenant_keys")]
    [InlineData(ProgramLogins.Steps, "select * from tenant_runtime_keys")]
    [InlineData(ProgramLogins.Steps, "select * from tenant_settings")]
    [InlineData(ProgramLogins.Steps, "select * from runtime_v1.tenants")]
    [InlineData(ProgramLogins.Steps, "select detail from audit")]
    [InlineData(ProgramLogins.Steps, "insert into audit (actor, action) values ('x', 'x')")]
    [InlineData(ProgramLogins.Steps, "insert into outbox (message_id, message_type, body) values (gen_random_uuid(), 'x', '{}')")]
    [InlineData(ProgramLogins.Steps, "update operations set state = 'completed'")]
    [InlineData(ProgramLogins.Steps, "update operation_steps set status = 'succeeded'")]
    [InlineData(ProgramLogins.Steps, "update operation_steps set output = '{}'")]
    [InlineData(ProgramLogins.Steps, "update operation_steps set fence = fence + 1")]
    [InlineData(ProgramLogins.Steps, "update tenants set status = 'active'")]
    [InlineData(ProgramLogins.Steps, "update placements set epoch = 7")]
    [InlineData(ProgramLogins.Steps, "delete from holds")]
    [InlineData(ProgramLogins.Steps, "create table mine (id int)")]
    public async Task Should_be_refused_what_another_program_does(string login, string sql)
    {
        await using var program = NpgsqlDataSource.Create(ProgramLogins.On(registry.ConnectionString, login));
        await using var command = program.CreateCommand(sql);

        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task Should_get_what_this_version_grants_and_lose_the_rest()
    {
        await ExecuteAsync("grant delete on audit to saga_api; grant update (state) on operations to saga_workers; revoke insert on outbox from saga_orchestrator");

        await new RegistryMigrator(registry).MigrateAsync(TestContext.Current.CancellationToken);

        (await ScalarAsync(
            """
            select concat_ws(' ', has_table_privilege('saga_api', 'audit', 'delete'), has_column_privilege('saga_workers', 'operations', 'state', 'update'),
                has_table_privilege('saga_orchestrator', 'outbox', 'insert'))
            """)).ShouldBe("f f t");
    }

    [Theory]
    [InlineData(ProgramLogins.Api)]
    [InlineData(ProgramLogins.Orchestrator)]
    [InlineData(ProgramLogins.Workers)]
    [InlineData(ProgramLogins.Steps)]
    public async Task Should_need_the_owner_only_to_migrate(string login)
    {
        await using var program = NpgsqlDataSource.Create(ProgramLogins.On(registry.ConnectionString, login));
        await new RegistryMigrator(program).MigrateAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync("delete from registry_migrations where version = (select max(version) from registry_migrations)");

        (await Should.ThrowAsync<RegistryNotMigratedException>(() => new RegistryMigrator(program).MigrateAsync(TestContext.Current.CancellationToken)))
            .Message.ShouldContain($"{login} may not apply it. Run 'Saga.Host migrate registry' as the registry's owner.");
    }

    [Fact]
    public async Task Should_say_that_a_login_is_no_member_of_a_role()
    {
        await using var product = NpgsqlDataSource.Create(RuntimeLogin.On(registry.ConnectionString));

        (await Should.ThrowAsync<RegistryNotMigratedException>(() => new RegistryMigrator(product).MigrateAsync(TestContext.Current.CancellationToken)))
            .Message.ShouldStartWith($"{RuntimeLogin.Name} may not read the registry");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = registry.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
