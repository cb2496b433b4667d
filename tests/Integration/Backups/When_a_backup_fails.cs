using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_backup_fails
{
    private static readonly Failure Why = new() { Code = "s3-access-denied", Message = "The S3 server refused.", Kind = Saga.Contracts.Failures.FailureKind.Permanent };

    public static TheoryData<string> Steps => [.. BackupWorld.Steps];

    [Theory, MemberData(nameof(Steps))]
    public async Task Should_leave_nothing_and_raise_the_alert_once_after_any_step(string last)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        var id = await world.BackUpAsync(tenant, last);

        await world.UndoAsync(tenant, Why);
        await world.UndoAsync(tenant);

        world.Files().ShouldBeEmpty();
        var backup = (await world.Store.FindAsync(id, default))!;
        (backup.State, backup.Failure?.Code, backup.Manifest, backup.Bytes).ShouldBe((BackupState.Failed, "s3-access-denied", null, null));
        (await world.Registry.ScalarAsync<long>("select (select count(*) from backup_parts) + (select count(*) from backup_data_keys)")).ShouldBe(0);
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantBackupFailed' and body::jsonb ->> 'code' = 's3-access-denied'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'backup.fail'")).ShouldBe(1);
        world.Log.All.Count(l => l.StartsWith("2720 ", StringComparison.Ordinal) && l.Contains("failed with s3-access-denied: The S3 server refused.", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_shown_and_announced_even_if_it_never_began()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);

        await world.UndoAsync(tenant, Why);

        (await world.Registry.ScalarAsync<string>("select state from backups")).ShouldBe("failed");
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_no_alert_when_somebody_cancelled_it()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant, StepNames.BackupRows);
        await world.Registry.ExecuteAsync("""update operations set cancellation = '{"actor":"ada","reason":"Wrong tenant."}', failure = '{"code":"cancelled","message":"…"}'""");

        await world.UndoAsync(tenant);

        (await world.Registry.ScalarAsync<string>("select body::jsonb ->> 'code' || ' ' || (body::jsonb ->> 'reason') from outbox")).ShouldBe("cancelled Cancelled by ada: Wrong tenant.");
        world.Log.All.ShouldNotContain(l => l.StartsWith("2720 ", StringComparison.Ordinal));
        world.Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_begin_again_once_it_was_undone()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant, StepNames.BeginBackup);
        await world.UndoAsync(tenant, Why);

        foreach (var step in BackupWorld.Steps)
            (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, step))).Failure.Code.ShouldBe("backup-ended");
        world.Files().ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Steps))]
    public async Task Should_do_nothing_in_a_late_attempt(string step)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant);
        var (late, before) = (await tenant.BeginAsync(step), world.Files());
        await tenant.BeginAsync(step);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).ExecuteAsync(late, default));
        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).CompensateAsync(late, default));
        world.Files().ShouldBe(before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_not_be_complete_when_a_file_is_not_what_was_written(bool missing)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant, StepNames.BackupObjects);
        var file = world.Files().Single(f => f.EndsWith("-rows", StringComparison.Ordinal));
        if (missing)
            File.Delete(file);
        else
            await File.AppendAllTextAsync(file, "x");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.CompleteBackup))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("backup-damaged", false));
        (await world.Registry.ScalarAsync<string>("select state from backups")).ShouldBe("running");
    }

    [Fact]
    public async Task Should_not_be_complete_without_one_of_its_parts()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant, StepNames.BackupObjects);
        await world.Registry.ExecuteAsync("delete from backup_parts where name = 'settings'");

        (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.CompleteBackup))).Failure.Code.ShouldBe("backup-incomplete");
    }

    [Fact]
    public async Task Should_not_open_once_its_manifest_or_a_part_was_changed()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        var id = await world.BackUpAsync(tenant);
        var manifest = await world.Reader.OpenAsync(id, default);
        var rows = world.Files().Single(f => f.EndsWith("-rows", StringComparison.Ordinal));
        var bytes = await File.ReadAllBytesAsync(rows);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(rows, bytes);

        (await Should.ThrowAsync<BackupDamagedException>(() => world.Reader.VerifyAsync(manifest.Parts.Single(p => p.Name == "rows"), null, default))).Message.ShouldContain("its checksum is another one");
        await Should.ThrowAsync<BackupDamagedException>(() => world.PartAsync(tenant, id, "rows"));
        await File.AppendAllTextAsync(world.Files().Single(f => f.EndsWith("manifest.json", StringComparison.Ordinal)), " ");
        await Should.ThrowAsync<BackupDamagedException>(() => world.Reader.OpenAsync(id, default));
    }

    [Fact]
    public async Task Should_refuse_only_what_an_older_pg_dump_cannot_read_and_say_what_to_install()
    {
        var tools = Directory.CreateTempSubdirectory("saga-tools-").FullName;
        var dump = Path.Combine(tools, "pg_dump");
        await File.WriteAllTextAsync(dump, "#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n");
        File.SetUnixFileMode(dump, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var world = await BackupWorld.CreateAsync(("Saga:Backups:PostgresTools", tools));
        var (schema, row) = (await world.ActiveAsync(IsolationTier.Schema), await world.ActiveAsync(IsolationTier.Row));
        await world.BackUpAsync(schema, StepNames.BeginBackup);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(schema, StepNames.BackupRows))).Failure;
        await world.BackUpAsync(row);
        await world.Database.Get<BackupToolsWatch>().LookAsync(default);
        var health = await new BackupToolsHealth(world.Database.Get<BackupToolsWatch>()).CheckHealthAsync(new(), default);

        (failure.Code, failure.Transient).ShouldBe(("pg-dump-too-old", false));
        failure.Message.ShouldContain("has version 9.6 and cannot work with database server 'main'");
        failure.Remedy!.ShouldContain("apt-get install postgresql-client-");
        health.Status.ShouldBe(HealthStatus.Degraded);
        health.Description!.ShouldContain("apt-get install postgresql-client-");
        world.Files().ShouldAllBe(f => f.Contains(row.Id.ToString(), StringComparison.Ordinal));
        Directory.Delete(tools, recursive: true);
    }

    [Fact]
    public async Task Should_be_well_while_pg_dump_is_as_new_as_the_servers()
    {
        await using var world = await BackupWorld.CreateAsync();
        await world.Database.Get<BackupToolsWatch>().LookAsync(default);

        world.Database.Get<BackupToolsWatch>().Refusals.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_tried_again_when_pg_dump_fails_and_leave_no_file()
    {
        var tools = Directory.CreateTempSubdirectory("saga-tools-").FullName;
        var dump = Path.Combine(tools, "pg_dump");
        await File.WriteAllTextAsync(dump, "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'pg_dump (PostgreSQL) 99.0'; exit 0; fi\necho half of it\necho 'pg_dump: error: the disk is on fire' >&2\nexit 3\n");
        File.SetUnixFileMode(dump, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var world = await BackupWorld.CreateAsync(("Saga:Backups:PostgresTools", tools));
        var tenant = await world.ActiveAsync(IsolationTier.Database);
        await world.BackUpAsync(tenant, StepNames.BeginBackup);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.BackupRows))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("pg-dump-failed", true));
        failure.Message.ShouldContain("exit code 3: pg_dump: error: the disk is on fire");
        world.Files().ShouldBeEmpty();
        Directory.Delete(tools, recursive: true);
    }

    [Fact]
    public async Task Should_wait_without_an_attempt_while_the_process_reads_enough_other_backups()
    {
        await using var world = await BackupWorld.CreateAsync(("Saga:Backups:AtOnce", "1"));
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant, StepNames.BeginBackup);
        using (world.Database.Get<Saga.Workers.Backup.Rows.BackupSlots>().Take())
        {
            (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.BackupRows)))
                .Failure.Kind.ShouldBe(Saga.Contracts.Failures.FailureKind.Overload);
        }

        await world.Database.ExecuteAsync(tenant, StepNames.BackupRows);
    }
}
