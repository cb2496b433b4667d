using System.Text;
using System.Text.Json;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Schema;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup.OfRegistry;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_the_registry_is_backed_up
{
    [Fact]
    public async Task Should_be_complete_when_it_was_read_back_and_say_what_a_restore_needs()
    {
        await using var world = await RegistryBackupWorld.CreateAsync();
        var tenant = await world.World.ActiveAsync(IsolationTier.Row);
        await world.World.BackUpAsync(tenant);

        var id = await world.BackUpAsync();
        // Their answers were lost.
        await world.BackUpAsync();

        var backup = (await world.Store.FindAsync(id, default))!;
        (backup.State, backup.Note, backup.MasterKeyIds.Single(), backup.SchemaVersion).ShouldBe((BackupState.Completed, "Before the upgrade.", "k1", RegistryMigrator.NewestVersion));
        var shown = backup.Manifest!.Content;
        shown.TryGetProperty("key", out _).ShouldBeFalse();
        var counts = shown.GetProperty("parts")[0].GetProperty("counts");
        counts.GetProperty("public.tenants").GetInt64().ShouldBe(2);
        counts.GetProperty("public.backup_keys").GetInt64().ShouldBe(1);
        world.Files().Count.ShouldBe(2);
        foreach (var file in world.Files())
        {
            var content = Encoding.UTF8.GetString(await File.ReadAllBytesAsync(file));
            content.ShouldNotContain(Sealing.SealingFixture.First);
            if (!file.EndsWith(".json", StringComparison.Ordinal))
                content.ShouldNotContain("PGDMP");
        }

        var manifest = JsonSerializer.Deserialize<RegistryManifest>(await File.ReadAllBytesAsync(world.Files().Single(f => f.EndsWith("manifest.json", StringComparison.Ordinal))), Json.Options)!;
        (manifest.BackupId, manifest.Key!.MasterKeyId, manifest.Parts.Single().Name).ShouldBe((id, "k1", "registry"));
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.RegistryBackedUp'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'registryBackup.complete' and tenant_id is null")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_refused_for_a_login_that_may_not_read_all_of_it()
    {
        await using var world = await RegistryBackupWorld.CreateAsync(ProgramLogins.Workers);
        await ProgramLogins.EnsureAsync(world.Registry);
        await world.ExecuteAsync(StepNames.BeginRegistryBackup);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(StepNames.DumpRegistry))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("registry-not-readable", false));
        failure.Remedy!.ShouldContain("Saga:Backups:Registry:ConnectionString");
        world.Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_removed_with_its_key_and_raise_the_alert_once_when_its_file_changed()
    {
        await using var world = await RegistryBackupWorld.CreateAsync();
        await world.ExecuteAsync(StepNames.BeginRegistryBackup);
        await world.ExecuteAsync(StepNames.DumpRegistry);
        await TamperAsync(world.Files().Single());

        (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(StepNames.CompleteRegistryBackup))).Failure.Code.ShouldBe("backup-damaged");
        await world.Registry.ExecuteAsync("update operations set failure = @Failure::jsonb", new { Failure = JsonSerializer.Serialize(new Failure { Code = "backup-damaged", Message = "It changed.", Kind = Contracts.Failures.FailureKind.Permanent }, Json.Options) });
        foreach (var step in RegistryBackupWorld.Steps.Reverse())
            await world.CompensateAsync(step);
        await world.CompensateAsync(StepNames.BeginRegistryBackup);

        world.Files().ShouldBeEmpty();
        var backup = (await world.Store.FindAsync(await world.IdAsync(), default))!;
        (backup.State, backup.Failure!.Code, backup.Manifest).ShouldBe((BackupState.Failed, "backup-damaged", null));
        (await world.Registry.ScalarAsync<bool>("select wrapped_key is null from registry_backups")).ShouldBeTrue();
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.RegistryBackupFailed'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'registryBackup.fail'")).ShouldBe(1);
        world.World.Log.All.Count(l => l.StartsWith("2950 Backup", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_stay_when_it_is_complete_and_its_operation_is_cancelled()
    {
        await using var world = await RegistryBackupWorld.CreateAsync();
        var id = await world.BackUpAsync();
        var files = world.Files();

        foreach (var step in RegistryBackupWorld.Steps.Reverse())
            await world.CompensateAsync(step);

        world.Files().ShouldBe(files);
        (await world.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Completed);
        (await world.Registry.ScalarAsync<bool>("select wrapped_key is not null from registry_backups")).ShouldBeTrue();
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.RegistryBackupFailed'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_removed_when_its_time_is_over_but_never_the_newest()
    {
        await using var world = await RegistryBackupWorld.CreateAsync();
        var id = await world.BackUpAsync();
        await world.WishAsync(new ExpireRegistryBackups { Backups = [id] });
        (await world.ExecuteAsync(StepNames.ExpireRegistryBackups))!.ToString()!.ShouldContain("Removed = 0");
        (await world.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Completed);
        await world.Registry.ExecuteAsync(
            """
            with o as (insert into operations (id, kind, workflow_digest, state, input, requested_by) select gen_random_uuid(), 'backupRegistry', 'seed', 'completed', '{}', 'system' returning id)
            insert into registry_backups (id, operation_id, requested_by, state, started_at) select gen_random_uuid(), id, 'system', 'completed', now() from o
            """);

        await world.ExecuteAsync(StepNames.ExpireRegistryBackups);
        await world.ExecuteAsync(StepNames.ExpireRegistryBackups);

        world.Files().ShouldBeEmpty();
        var expired = (await world.Store.FindAsync(id, default))!;
        (expired.State, expired.ExpiredAt is not null, expired.Manifest is not null).ShouldBe((BackupState.Expired, true, true));
        (await world.Registry.ScalarAsync<bool>("select wrapped_key is null from registry_backups where id = @id", new { id })).ShouldBeTrue();
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.RegistryBackupExpired'")).ShouldBe(1);
    }

    internal static async Task TamperAsync(string file)
    {
        var content = await File.ReadAllBytesAsync(file);
        content[^20] ^= 1;
        await File.WriteAllBytesAsync(file, content);
    }
}
