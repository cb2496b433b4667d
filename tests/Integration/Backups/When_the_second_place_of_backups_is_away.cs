using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;
using Saga.Tenancy.Objects;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup.Copies;
using Saga.Workers.Backup.Expiry;
using Saga.Workers.Backup.Files;
using Saga.Workers.Backup.Keys;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_the_second_place_of_backups_is_away : IAsyncLifetime
{
    private static readonly Failure Why = new() { Code = "s3-access-denied", Message = "The S3 server refused.", Kind = Contracts.Failures.FailureKind.Permanent };

    private RegistryBackupWorld world = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        world = await RegistryBackupWorld.CreateAsync(
            null, ("Saga:Backups:Copy:Bucket", "elsewhere"), ("Saga:Backups:Copy:Endpoint", "http://127.0.0.1:1"), ("Saga:Backups:Copy:AccessKey", "a"), ("Saga:Backups:Copy:SecretKey", "s"));
        tenant = await world.World.ActiveAsync(IsolationTier.Row);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_remove_a_tenants_backup_in_the_first_place_and_the_rest_next_time()
    {
        var id = await world.World.BackUpAsync(tenant);
        await WishAsync(new ExpireBackups { TenantId = tenant.Id, Backups = [id], EvenLast = true });

        JsonSerializer.Serialize(await world.World.Database.ExecuteAsync(tenant, StepNames.ExpireBackups)).ShouldBe("""{"Removed":0,"Kept":0,"CopiesLeft":1}""");

        world.World.Files().ShouldBeEmpty();
        (await world.World.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Expiring);
        (await world.Registry.ScalarAsync<long>("select count(*) from backup_data_keys")).ShouldBe(0);
        world.World.Log.All.Count(l => l.StartsWith("2958 The copies of 1 expired backups", StringComparison.Ordinal)).ShouldBe(1);

        // It is back.
        await Step().ExecuteAsync(await tenant.BeginAsync(StepNames.ExpireBackups), default);
        (await world.World.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Expired);
    }

    [Fact]
    public async Task Should_be_waited_for_when_all_backups_are_destroyed()
    {
        var id = await world.World.BackUpAsync(tenant);
        await WishAsync(new DestroyBackups { TenantId = tenant.Id, Removal = Guid.NewGuid() });
        await world.Registry.ExecuteAsync("update tenants set status = 'deprovisioned'");

        (await Should.ThrowAsync<StepFailureException>(() => world.World.Database.ExecuteAsync(tenant, StepNames.ExpireBackups))).Failure.System.ShouldBe("backup-copy");

        (await world.World.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Expiring);
    }

    [Fact]
    public async Task Should_not_delay_the_alert_of_a_backup_that_fails()
    {
        await world.World.BackUpAsync(tenant, StepNames.BackupSettings);
        await world.ExecuteAsync(StepNames.BeginRegistryBackup);

        await world.World.UndoAsync(tenant, Why);
        foreach (var step in RegistryBackupWorld.Steps.Reverse())
            await world.CompensateAsync(step);

        world.World.Files().ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select (select state from backups) || ' ' || (select state from registry_backups)")).ShouldBe("failed failed");
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action in ('backup.fail', 'registryBackup.fail')")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_waited_for_after_the_alert_when_the_backup_was_copied_before()
    {
        var id = await world.World.BackUpAsync(tenant);
        await world.Registry.ExecuteAsync("update backups set copied_at = now()");

        (await Should.ThrowAsync<StepFailureException>(() => world.World.UndoAsync(tenant, Why))).Failure.System.ShouldBe("backup-copy");

        (await world.World.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Failed);
        world.World.Log.All.Count(l => l.StartsWith("2720 ", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_keep_the_registrys_next_backup_waiting()
    {
        var id = await world.BackUpAsync();
        await world.WishAsync(new ExpireRegistryBackups { Backups = [id] });
        await world.Registry.ExecuteAsync(
            """
            with o as (insert into operations (id, kind, workflow_digest, state, input, requested_by) select gen_random_uuid(), 'backupRegistry', 'seed', 'completed', '{}', 'system' returning id)
            insert into registry_backups (id, operation_id, requested_by, state, started_at) select gen_random_uuid(), id, 'system', 'completed', now() from o
            """);

        JsonSerializer.Serialize(await world.ExecuteAsync(StepNames.ExpireRegistryBackups)).ShouldBe("""{"Removed":0,"Kept":0,"CopiesLeft":1}""");

        world.Files().ShouldBeEmpty();
        (await world.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Expiring);
        world.World.Log.All.Count(l => l.StartsWith("2959 The copies of 1 expired backups", StringComparison.Ordinal)).ShouldBe(1);
    }

    private ExpireBackupsStep Step()
    {
        var database = world.World.Database;
        var files = database.Get<IBackupFiles>();
        var none = new BackupCopy(Options.Create(new BackupCopyOptions()), database.Get<IOptions<StorageOptions>>(), database.Get<S3CallGuard>());
        return new(new(files, database.Get<BackupKeys>(), none), files, database.Get<LeasedTransactions>(), database.Get<RegistryNotifier>(), NullLogger<ExpireBackupsStep>.Instance);
    }

    private Task WishAsync(object command) => world.Registry.ExecuteAsync(
        "update operations set input = @Input::jsonb where id = @OperationId", new { tenant.OperationId, Input = JsonSerializer.Serialize(command, Json.Options) });
}
