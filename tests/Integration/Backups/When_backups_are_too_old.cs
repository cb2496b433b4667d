using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Intake;
using Saga.Registry;
using Saga.Registry.Backups;
using Saga.Registry.Deprovisionings;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_backups_are_too_old : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        await Seed.ProcessAsync(registry);
        await registry.ExecuteAsync("update processes set engine_level = 100; delete from operation_scopes; update operations set state = 'completed', finished_at = now()");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_be_named_in_one_command_a_day_however_many_look()
    {
        var (kept, old) = (await BackupAsync("1 hour"), await BackupAsync("31 days"));

        await Retention().RunAsync(Cancellation);
        await Retention().RunAsync(Cancellation);

        (await registry.ScalarAsync<string>("select requested_by || ' ' || priority || ' ' || (input -> 'backups')::text from operations where kind = 'expireBackups'")).ShouldBe($"system scheduled [\"{old}\"]");
        (await registry.ScalarAsync<long>("select count(*) from audit where action = 'backups.expire'")).ShouldBe(1);
        (await registry.ScalarAsync<string>("select state from backups where id = @kept", new { kept })).ShouldBe("completed");
    }

    [Theory]
    [InlineData("update tenants set status = 'provisioning'")]
    [InlineData("insert into holds (tenant_id, code, effect, actor, reason) select id, 'deletion', 'closed', 'ada', 'It ends.' from tenants")]
    [InlineData("insert into backup_schedules (tenant_id, keep_daily, set_by, set_at) select id, 100, 'ada', now() from tenants")]
    [InlineData("update backups set state = 'expired'")]
    [InlineData("""
        update tenants set status = 'deprovisioned';
        insert into scheduled_commands (id, kind, tenant_id, command, run_at, expires_at, needs_approval, requested_by, created_at)
        select gen_random_uuid(), 'destroyBackups', id, '{}', now() + interval '90 days', now() + interval '180 days', false, 'ada', now() from tenants
        """)]
    public async Task Should_be_left_alone_while_they_may_stay(string otherwise)
    {
        await BackupAsync("1 hour");
        await BackupAsync("31 days");
        await registry.ExecuteAsync(otherwise);

        await Retention().RunAsync(Cancellation);

        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'expireBackups'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_wait_for_a_tenant_that_is_busy()
    {
        await BackupAsync("1 hour");
        await BackupAsync("31 days");
        await registry.ExecuteAsync("insert into operation_scopes (scope, operation_id) values ('tenant:' || @Value, @OperationId)", new { tenant.Id.Value, tenant.OperationId });

        await Retention().RunAsync(Cancellation);

        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'expireBackups' and slot = 'waiting'")).ShouldBe(1);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData(null)]
    public async Task Should_be_named_by_whoever_sends_the_command(string? none)
    {
        var outcome = await Expiries().SubmitAsync(new() { TenantId = tenant.Id, Backups = none is null ? null! : [] }, Caller.Bus, Cancellation);

        outcome.ShouldBeOfType<CommandRejected>().Rejection.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/backups");
    }

    [Fact]
    public async Task Should_not_be_destroyed_for_a_removal_that_is_not_the_last_one_or_while_the_tenant_is_in_use()
    {
        var removal = Guid.NewGuid();
        await registry.ExecuteAsync(
            """
            insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by) values (@removal, 'remove', @Value, 'seed', 'completed', '{}', 'ada');
            insert into deletion_certificates (operation_id, tenant_id, document, sha256) values (@removal, @Value, @Document, '');
            """,
            new { removal, tenant.Id.Value, Document = System.Text.Json.JsonSerializer.Serialize(Certificates.Of(tenant.Id, removal), Json.Options) });

        var plan = new DestroyBackupsPlan(new CertificateStore(registry));

        (await plan.CheckAsync(new() { TenantId = tenant.Id, Removal = Guid.NewGuid() }, Cancellation)).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/removal");
        (await plan.CheckAsync(new() { TenantId = new(Guid.NewGuid()), Removal = removal }, Cancellation)).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/removal");
        var command = (await plan.CheckAsync(new() { TenantId = tenant.Id, Removal = removal }, Cancellation)).Input.ShouldNotBeNull();
        plan.Guard(command, await tenant.ReadAsync())!.Code.ShouldBe(RejectionCodes.TenantState);
        await registry.ExecuteAsync("update tenants set status = 'deprovisioned'");
        plan.Guard(command, await tenant.ReadAsync()).ShouldBeNull();
        // Only the schedule may send it.
        var outcome = await Intakes.Of<DestroyBackups, DestroyBackups, DestroyBackupsPlan>(registry, plan).SubmitAsync(command, Caller.Bus, Cancellation);
        outcome.ShouldBeOfType<CommandRejected>();
        (await registry.ScalarAsync<long>("select count(*) from operations where kind = 'destroyBackups'")).ShouldBe(0);
    }

    private BackupRetention Retention() =>
        new(new BackupExpiryStore(registry, new RegistryClock()), Expiries(), Options.Create(new BackupRetentionOptions()), NullLogger<BackupRetention>.Instance);

    private ICommandIntake<ExpireBackups> Expiries() => Intakes.Of<ExpireBackups, ValidExpiry, ExpireBackupsPlan>(registry, new(new BackupStore(registry)));

    private async Task<Guid> BackupAsync(string ago)
    {
        var id = Guid.CreateVersion7();
        await registry.ExecuteAsync(
            $"""
            with o as (
                insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by)
                select gen_random_uuid(), 'backup', @Value, 'seed', 'completed', '{"{}"}', 'system' returning id)
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at, ended_at)
            select @id, @Value, id, 'completed', 'system', false, 'row', now() - interval '{ago}', now() from o
            """,
            new { id, tenant.Id.Value });
        return id;
    }
}
