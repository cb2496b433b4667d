using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Tenancy.Sealing;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Expiry;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_backups_expire : IAsyncLifetime
{
    private BackupWorld world = null!;
    private SeededTenant tenant = null!;
    private Guid old;
    private Guid last;

    public async ValueTask InitializeAsync()
    {
        world = await BackupWorld.CreateAsync();
        tenant = await world.ActiveAsync(IsolationTier.Row);
        old = await world.BackUpAsync(tenant);
        tenant = await world.NextAsync(tenant);
        last = await world.BackUpAsync(tenant);
        tenant = await world.NextAsync(tenant);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_leave_no_file_no_key_and_what_there_was()
    {
        await WishAsync(old);
        var manifest = await world.Reader.OpenAsync(old, default);

        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);
        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);

        var backup = (await world.Store.FindAsync(old, default))!;
        (backup.State, backup.ExpiredAt is not null, backup.Manifest is not null).ShouldBe((BackupState.Expired, true, true));
        world.Files().ShouldAllBe(f => f.Contains(last.ToString(), StringComparison.Ordinal));
        world.Files().ShouldNotBeEmpty();
        (await world.Registry.ScalarAsync<long>("select count(*) from backup_data_keys")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'backup.expire'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantBackupExpired'")).ShouldBe(1);
        await Should.ThrowAsync<BackupDamagedException>(() => world.Reader.OpenAsync(old, default));
        await Should.ThrowAsync<SealingException>(() => world.Reader.OpenPartAsync(tenant.Id, old, manifest.Parts[0], default));
        (await world.Reader.OpenAsync(last, default)).BackupId.ShouldBe(last);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_keep_the_last_good_one_unless_told_otherwise(bool evenLast)
    {
        await WishAsync(new ExpireBackups { TenantId = tenant.Id, Backups = [old, last], EvenLast = evenLast });

        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);

        (await world.Store.FindAsync(old, default))!.State.ShouldBe(BackupState.Expired);
        (await world.Store.FindAsync(last, default))!.State.ShouldBe(evenLast ? BackupState.Expired : BackupState.Completed);
        (world.Files().Count == 0).ShouldBe(evenLast);
    }

    [Fact]
    public async Task Should_not_take_a_newer_one_that_failed_for_a_good_one()
    {
        await world.BackUpAsync(tenant, StepNames.BackupRows);
        await world.UndoAsync(tenant);
        tenant = await world.NextAsync(tenant);
        await WishAsync(last);

        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);

        (await world.Store.FindAsync(last, default))!.State.ShouldBe(BackupState.Completed);
    }

    [Fact]
    public async Task Should_be_unreadable_at_once_and_removed_by_the_next_one_when_the_store_does_not_remove_it()
    {
        await WishAsync(old);
        var stubborn = new StubbornFiles();
        var step = new ExpireBackupsStep(
            new(stubborn, world.Database.Get<BackupKeys>(), world.Database.Get<BackupCopy>()), stubborn, world.Database.Get<LeasedTransactions>(), world.Database.Get<RegistryNotifier>(), NullLogger<ExpireBackupsStep>.Instance);

        var failure = (await Should.ThrowAsync<StepFailureException>(async () => await step.ExecuteAsync(await tenant.BeginAsync(StepNames.ExpireBackups), default))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("still-there", true));
        (await world.Store.FindAsync(old, default))!.State.ShouldBe(BackupState.Expiring);
        (await world.Registry.ScalarAsync<long>("select count(*) from backup_data_keys where backup_id = @old", new { old })).ShouldBe(0);
        await Should.ThrowAsync<BackupDamagedException>(() => world.Reader.OpenAsync(old, default));
        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);
        (await world.Store.FindAsync(old, default))!.State.ShouldBe(BackupState.Expired);
        world.Files().ShouldAllBe(f => f.Contains(last.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_do_nothing_in_a_late_attempt()
    {
        await WishAsync(old);
        var (late, before) = (await tenant.BeginAsync(StepNames.ExpireBackups), world.Files());
        await tenant.BeginAsync(StepNames.ExpireBackups);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(StepNames.ExpireBackups).ExecuteAsync(late, default));

        world.Files().ShouldBe(before);
        (await world.Store.FindAsync(old, default))!.State.ShouldBe(BackupState.Completed);
    }

    [Fact]
    public async Task Should_not_touch_another_tenants_backup()
    {
        var other = await world.ActiveAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync("update operations set input = @Input::jsonb where id = @OperationId", new { other.OperationId, Input = JsonSerializer.Serialize(new ExpireBackups { TenantId = other.Id, Backups = [old], EvenLast = true }, Json.Options) });

        await world.Database.ExecuteAsync(other, StepNames.ExpireBackups);

        (await world.Store.FindAsync(old, default))!.State.ShouldBe(BackupState.Completed);
    }

    [Fact]
    public async Task Should_say_aloud_that_some_are_left_when_it_is_given_up()
    {
        await world.Database.CompensateAsync(tenant, StepNames.ExpireBackups);

        world.Log.All.Count(l => l.StartsWith("2876 Expired backups of tenant", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_stay_when_the_tenant_was_restored_while_the_command_waited()
    {
        var files = world.Files();
        await WishAsync(new DestroyBackups { TenantId = tenant.Id, Removal = Guid.NewGuid() });

        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);

        world.Files().ShouldBe(files);
        (await world.Registry.ScalarAsync<long>("select count(*) from backup_keys")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from backups where state = 'expired'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_all_go_with_the_key_when_the_tenant_is_gone_and_its_term_is_over()
    {
        await WishAsync(new DestroyBackups { TenantId = tenant.Id, Removal = Guid.NewGuid() });
        await world.Registry.ExecuteAsync("update tenants set status = 'deprovisioned'");
        (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys))).Failure.Code.ShouldBe("backups-kept");
        (await world.Registry.ScalarAsync<long>("select count(*) from backup_keys")).ShouldBe(1);
        // One was given up half made, and nobody undid it.
        await world.Registry.ExecuteAsync("update backups set state = 'running', ended_at = null where id = @old", new { old });

        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);

        world.Files().ShouldBeEmpty();
        (await world.Registry.ScalarAsync<long>("select (select count(*) from backup_keys) + (select count(*) from backup_data_keys) + (select count(*) from backup_parts)")).ShouldBe(0);
        (await world.Registry.ScalarAsync<long>("select count(*) from backups where state = 'expired'")).ShouldBe(2);
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantBackupKeyDestroyed'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'backupKeys.destroy'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_call_the_key_destroyed_only_when_the_last_backup_of_the_registry_with_it_has_expired()
    {
        var removal = Guid.NewGuid();
        await WishAsync(new DestroyBackups { TenantId = tenant.Id, Removal = removal });
        await world.Registry.ExecuteAsync(
            """
            update tenants set status = 'deprovisioned';
            insert into registry_backups (id, operation_id, requested_by, state, started_at)
            select gen_random_uuid(), @OperationId, 'system', 'completed', now() - interval '1 day'
            """,
            new { tenant.OperationId });
        await world.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);

        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);
        // Its answer was lost.
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);

        (await world.Registry.ScalarAsync<long>("select count(*) from backup_keys")).ShouldBe(0, "the next backups of the registry do not have it");
        (await DestroyedAsync()).ShouldBe(0);
        (await world.Registry.ScalarAsync<string>(
            """
            select string_agg((command ->> 'removal') || ' ' || (run_at = (select started_at + interval '30 days 2 hours' from registry_backups)), ', ')
            from scheduled_commands where kind = 'destroyBackups' and state = 'scheduled'
            """)).ShouldBe($"{removal} true");

        // A later backup of the registry does not have it. The earlier one is still there, although its time is over.
        await world.Registry.ExecuteAsync(
            """
            update scheduled_commands set state = 'submitted';
            update registry_backups set started_at = now() - interval '40 days';
            """);
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);
        (await DestroyedAsync()).ShouldBe(0);
        (await world.Registry.ScalarAsync<bool>("select run_at > now() + interval '23 hours' from scheduled_commands where state = 'scheduled'")).ShouldBeTrue("it looks again tomorrow");

        await world.Registry.ExecuteAsync("update registry_backups set state = 'expired'");
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);
        await world.Database.ExecuteAsync(tenant, StepNames.DestroyBackupKeys);

        (await DestroyedAsync()).ShouldBe(1);
        (await world.Registry.ScalarAsync<bool>("select gone_at is not null from destroyed_backup_keys")).ShouldBeTrue();

        Task<long> DestroyedAsync() => world.Registry.ScalarAsync<long>(
            "select count(*) from outbox o, audit a where o.message_type = 'Saga.Contracts.Events.TenantBackupKeyDestroyed' and a.action = 'backupKeys.destroy'");
    }

    private Task WishAsync(Guid backup) => WishAsync(new ExpireBackups { TenantId = tenant.Id, Backups = [backup] });

    private Task WishAsync(object command) => world.Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId", new { tenant.OperationId, Input = JsonSerializer.Serialize(command, Json.Options) });

    // Says that it removes, and does not.
    private sealed class StubbornFiles : IBackupFiles
    {
        public Task<FileUpload> CreateAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Stream?> OpenAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([$"{folder}/left"]);

        public IAsyncEnumerable<IReadOnlyList<StoredFile>> PagesAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task RemoveAsync(string folder, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
