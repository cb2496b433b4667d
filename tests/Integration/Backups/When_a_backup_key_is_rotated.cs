using System.Text.Json;
using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_backup_key_is_rotated : IAsyncLifetime
{
    private static readonly string[] Beside = [StepNames.CheckBackup, StepNames.CreateRestored, StepNames.RestoreRows, StepNames.VerifyRestored];

    private BackupWorld world = null!;
    private SeededTenant tenant = null!;
    private Guid old;

    public async ValueTask InitializeAsync()
    {
        world = await BackupWorld.CreateAsync();
        tenant = await world.ActiveAsync(IsolationTier.Row);
        old = await world.BackUpAsync(tenant);
        tenant = await world.NextAsync(tenant);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_restore_backups_from_before_and_after_with_the_new_version_alone()
    {
        var (wrapped, files) = (await WrappedAsync(), world.Files());

        (await RotateAsync()).ShouldStartWith("""{"Version":2,"Backups":1,"FormerInRegistryBackupsUntil":""");

        (await VersionsAsync()).ShouldBe("2", "the former version is forgotten");
        (await WrappedAsync()).Intersect(wrapped).ShouldBeEmpty();
        world.Files().ShouldBe(files, "no file depends on the version");
        tenant = await world.NextAsync(tenant);
        var later = await world.BackUpAsync(tenant);
        foreach (var backup in (Guid[])[old, later])
        {
            tenant = await world.NextAsync(tenant);
            await world.Registry.ExecuteAsync(
                "update operations set input = jsonb_build_object('tenantId', tenant_id, 'backupId', @backup, 'mode', 'beside') where id = @OperationId", new { backup, tenant.OperationId });
            foreach (var step in Beside)
                await world.Database.ExecuteAsync(tenant, step);
            (await world.Database.AdminQueryAsync<string>($"restored_{tenant.OperationId:n}", "select email from product.users")).ShouldBe(["a@acme.com"]);
        }
    }

    [Fact]
    public async Task Should_rotate_once_however_often_the_step_runs_and_once_more_with_every_rotation()
    {
        var first = await RotateAsync();
        var wrapped = await WrappedAsync();
        // Its answer was lost.
        (await RotateAsync()).ShouldBe(first);
        (await WrappedAsync()).ShouldBe(wrapped);

        tenant = await world.NextAsync(tenant);
        await RotateAsync();

        (await VersionsAsync()).ShouldBe("3");
        await OpensAsync(old);
    }

    [Fact]
    public async Task Should_leave_other_tenants_and_their_backups_alone()
    {
        var other = await world.ActiveAsync(IsolationTier.Row);
        var backup = await world.BackUpAsync(other);
        await RotateAsync();

        (await VersionsAsync(other)).ShouldBe("1");
        (await world.PartAsync(other, backup, "settings")).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Should_give_a_backup_that_begins_meanwhile_the_version_that_stays()
    {
        var (keys, leases) = (world.Database.Get<BackupKeys>(), world.Database.Get<LeasedTransactions>());
        var context = await tenant.BeginAsync(StepNames.RotateBackupKey);
        var backup = await world.NextAsync(tenant);
        Task beginning;
        await using (var rotation = await leases.BeginAsync(context.Lease, default))
        {
            await keys.RotateAsync(rotation, tenant.Id, tenant.OperationId, default);
            beginning = world.Database.ExecuteAsync(backup, StepNames.BeginBackup);
            await Until.TrueAsync(
                () => world.Registry.ScalarAsync<bool>("select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"), "the backup waits for the rotation");
            await rotation.CommitAsync(default);
        }

        await beginning;
        (await VersionsAsync()).ShouldBe("2");
        await OpensAsync(await world.BackUpAsync(backup));
        await OpensAsync(old);
    }

    [Fact]
    public async Task Should_wait_for_a_backup_that_has_just_begun_and_wrap_its_key_too()
    {
        var (keys, leases) = (world.Database.Get<BackupKeys>(), world.Database.Get<LeasedTransactions>());
        var backup = await world.NextAsync(tenant);
        await world.Database.ExecuteAsync(backup, StepNames.BeginBackup);
        var begun = await world.IdAsync(backup);
        await world.Registry.ExecuteAsync("delete from backup_data_keys where backup_id = @begun", new { begun });
        Task<string> rotating;
        await using (var beginning = await leases.BeginAsync((await backup.BeginAsync(StepNames.BeginBackup)).Lease, default))
        {
            await keys.EnsureAsync(beginning, tenant.Id, begun, default);
            rotating = RotateAsync();
            await Until.TrueAsync(
                () => world.Registry.ScalarAsync<bool>("select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"), "the rotation waits for the backup");
            await beginning.CommitAsync(default);
        }

        (await rotating).ShouldContain("\"Backups\":2");
        (await VersionsAsync()).ShouldBe("2");
        await OpensAsync(await world.BackUpAsync(backup));
    }

    [Fact]
    public async Task Should_fail_no_reader()
    {
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(async () =>
        {
            var reads = 0;
            for (; !stop.IsCancellationRequested; reads++)
                await OpensAsync(old);
            return reads;
        });
        for (var turn = 0; turn < 15; turn++)
        {
            tenant = await world.NextAsync(tenant);
            await RotateAsync();
        }

        await stop.CancelAsync();
        (await reader).ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Should_change_nothing_when_a_backups_key_cannot_be_opened()
    {
        await world.Registry.ExecuteAsync("update backup_data_keys set wrapped = set_byte(wrapped, length(wrapped) - 1, get_byte(wrapped, length(wrapped) - 1) # 1)");
        var wrapped = await WrappedAsync();

        var failure = (await Should.ThrowAsync<StepFailureException>(RotateAsync)).Failure;

        (failure.Code, failure.Transient).ShouldBe(("backup-key", false));
        failure.Message.ShouldContain(old.ToString());
        (await VersionsAsync()).ShouldBe("1");
        (await WrappedAsync()).ShouldBe(wrapped);
    }

    [Fact]
    public async Task Should_do_nothing_in_a_late_attempt()
    {
        var late = await tenant.BeginAsync(StepNames.RotateBackupKey);
        await tenant.BeginAsync(StepNames.RotateBackupKey);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(StepNames.RotateBackupKey).ExecuteAsync(late, default));

        (await VersionsAsync()).ShouldBe("1");
    }

    [Fact]
    public async Task Should_keep_the_new_version_when_the_operation_is_undone()
    {
        await RotateAsync();

        await world.Database.CompensateAsync(tenant, StepNames.RotateBackupKey);

        (await VersionsAsync()).ShouldBe("2");
        await OpensAsync(old);
    }

    [Fact]
    public async Task Should_have_nothing_to_do_for_a_tenant_that_was_never_backed_up()
    {
        tenant = await world.ActiveAsync(IsolationTier.Row);

        (await RotateAsync()).ShouldBe("""{"Backups":0}""");

        (await VersionsAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Should_open_what_a_registry_from_before_the_rotation_knows()
    {
        await using var connection = await world.Registry.OpenConnectionAsync();
        await connection.ExecuteAsync("create table former_keys as select * from backup_keys; create table former_data_keys as select * from backup_data_keys");
        await RotateAsync();

        // The registry is restored from a backup of before.
        await connection.ExecuteAsync(
            """
            delete from backup_data_keys; delete from backup_keys;
            insert into backup_keys select * from former_keys; insert into backup_data_keys select * from former_data_keys;
            """);

        await OpensAsync(old);
        await RotateAsync();
        await OpensAsync(old);
    }

    private async Task<string> RotateAsync() => JsonSerializer.Serialize(await world.Database.ExecuteAsync(tenant, StepNames.RotateBackupKey));

    private async Task OpensAsync(Guid backup) => (await world.PartAsync(tenant, backup, "settings")).ShouldNotBeEmpty();

    private Task<string?> VersionsAsync(SeededTenant? of = null) => world.Registry.ScalarAsync<string>(
        "select string_agg(version::text, ' ' order by version) from backup_keys where tenant_id = @Value", new { (of ?? tenant).Id.Value });

    private async Task<IReadOnlyList<string>> WrappedAsync()
    {
        await using var connection = await world.Registry.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("select encode(wrapped, 'hex') from backup_data_keys union all select encode(wrapped, 'hex') from backup_keys")];
    }
}
