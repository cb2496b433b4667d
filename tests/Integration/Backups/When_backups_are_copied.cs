using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Backup.Copies;
using Saga.Registry;
using Saga.Registry.Backups;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_backups_are_copied : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("saga-copy-").FullName;
    private RegistryBackupWorld world = null!;
    private SeededTenant tenant = null!;
    private Guid id;

    private string Copy => Path.Combine(folder, "copies");

    public async ValueTask InitializeAsync()
    {
        world = await RegistryBackupWorld.CreateAsync(null, ("Saga:Backups:Copy:Folder", Copy));
        tenant = await world.World.ActiveAsync(IsolationTier.Row);
        id = await world.World.BackUpAsync(tenant);
        await world.WishAsync(new CopyBackup { BackupId = id });
    }

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Should_have_every_file_in_both_places_and_say_when()
    {
        JsonSerializer.Serialize(await world.ExecuteAsync(StepNames.CopyBackup)).ShouldContain("\"Copied\":true,\"Files\":4");
        var first = (await world.World.Store.FindAsync(id, default))!.CopiedAt;

        Same();
        first.ShouldNotBeNull();

        // Its answer was lost.
        JsonSerializer.Serialize(await world.ExecuteAsync(StepNames.CopyBackup)).ShouldContain("\"Files\":0");
        (await world.World.Store.FindAsync(id, default))!.CopiedAt.ShouldBe(first);
    }

    [Fact]
    public async Task Should_go_on_with_what_is_missing_or_damaged()
    {
        await world.ExecuteAsync(StepNames.CopyBackup);
        var files = Files(Copy);
        File.Delete(files[0]);
        await When_the_registry_is_backed_up.TamperAsync(files[1]);

        JsonSerializer.Serialize(await world.ExecuteAsync(StepNames.CopyBackup)).ShouldContain("\"Files\":2");

        Same();
    }

    [Fact]
    public async Task Should_raise_the_alert_and_leave_the_backup_good_when_the_second_place_fails()
    {
        await File.WriteAllTextAsync(Copy, "not a folder");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.ExecuteAsync(StepNames.CopyBackup))).Failure;
        await world.CompensateAsync(StepNames.CopyBackup);

        failure.System.ShouldBe("backup-copy");
        var backup = (await world.World.Store.FindAsync(id, default))!;
        (backup.State, backup.CopiedAt, backup.CopyFailure!.Code).ShouldBe((BackupState.Completed, null, "cancelled"));
        world.World.Log.All.Count(l => l.StartsWith($"2957 Backup {id} was not copied", StringComparison.Ordinal)).ShouldBe(1);
        (await Missing()).ShouldBeEmpty("it was tried just now");
        await world.Registry.ExecuteAsync("update backups set copy_failed_at = now() - interval '61 minutes'");
        (await Missing()).ShouldBe([(id, 1)]);

        File.Delete(Copy);
        await world.ExecuteAsync(StepNames.CopyBackup);
        (await world.World.Store.FindAsync(id, default))!.CopyFailure.ShouldBeNull();
        (await Missing()).ShouldBeEmpty();

        Task<IReadOnlyList<(Guid, int)>> Missing() => new BackupCopyStore(world.Registry, new RegistryClock()).MissingAsync(TimeSpan.FromHours(1), 10, default);
    }

    [Fact]
    public async Task Should_be_removed_in_both_places_and_not_come_back()
    {
        await world.ExecuteAsync(StepNames.CopyBackup);
        await world.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new ExpireBackups { TenantId = tenant.Id, Backups = [id], EvenLast = true }, Json.Options) });

        await world.World.Database.ExecuteAsync(tenant, StepNames.ExpireBackups);
        JsonSerializer.Serialize(await world.ExecuteAsync(StepNames.CopyBackup)).ShouldContain("\"Copied\":false");

        Files(Copy).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_leave_nothing_of_a_file_that_arrived_after_the_backup_was_removed()
    {
        await world.ExecuteAsync(StepNames.CopyBackup);
        await world.Registry.ExecuteAsync("update backups set state = 'expiring', copied_at = null");
        await LateAsync();

        // The attempt that wrote it was killed, and another one goes on.
        JsonSerializer.Serialize(await world.ExecuteAsync(StepNames.CopyBackup)).ShouldContain("\"Copied\":false");
        Files(Copy).ShouldBeEmpty();

        // Or its next file was missing, and the operation failed.
        await LateAsync();
        await world.CompensateAsync(StepNames.CopyBackup);
        Files(Copy).ShouldBeEmpty();
        world.World.Log.All.ShouldNotContain(l => l.StartsWith("2957 ", StringComparison.Ordinal));

        async Task LateAsync()
        {
            var late = Path.Combine(Copy, tenant.Id.ToString(), id.ToString(), "backup.rows", "2-rows");
            Directory.CreateDirectory(Path.GetDirectoryName(late)!);
            await File.WriteAllTextAsync(late, "late");
        }
    }

    [Fact]
    public async Task Should_stay_when_its_operation_fails_after_it_was_made()
    {
        await world.ExecuteAsync(StepNames.CopyBackup);

        await world.CompensateAsync(StepNames.CopyBackup);

        Same();
    }

    [Fact]
    public async Task Should_be_read_by_a_restore_when_the_first_place_has_lost_them()
    {
        await world.ExecuteAsync(StepNames.CopyBackup);
        var settings = await world.World.PartAsync(tenant, id, "settings");
        Directory.Delete(Path.Combine(world.World.Folder, "backups"), recursive: true);
        await world.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new RestoreTenant { TenantId = tenant.Id, BackupId = id, Mode = "beside" }, Json.Options) });

        JsonSerializer.Serialize(await world.World.Database.ExecuteAsync(tenant, StepNames.CheckBackup)).ShouldContain("\"FromCopy\":[\"objects\",\"rows\",\"settings\"]");
        (await world.World.PartAsync(tenant, id, "settings")).ShouldBe(settings);
    }

    [Fact]
    public async Task Should_let_the_registry_be_restored_when_the_first_place_is_lost()
    {
        var registryBackup = await world.BackUpAsync();
        await world.WishAsync(new CopyBackup { BackupId = registryBackup });
        await world.ExecuteAsync(StepNames.CopyBackup);
        (await world.Store.FindAsync(registryBackup, default))!.CopiedAt.ShouldNotBeNull();
        Directory.Delete(Path.Combine(world.World.Folder, "backups"), recursive: true);
        var said = new List<string>();

        await world.Into(await PostgresServer.NewDatabaseAsync("restored"), registryBackup.ToString(), ("Saga:Backups:Copy:Folder", Copy)).Restore.RunAsync(said.Add, default);

        string.Join(' ', said).ShouldContain("The registry is restored");
    }

    [Fact]
    public async Task Should_be_posted_once_for_each_try_and_not_while_it_is_off()
    {
        await Seed.ProcessAsync(world.Registry);
        await world.Registry.ExecuteAsync("update processes set engine_level = 100");
        await Copies(new()).RunAsync(default);
        (await OperationsAsync()).ShouldBe(0);
        var on = new BackupCopyOptions { Bucket = "elsewhere" };

        await Copies(on).RunAsync(default);
        await Copies(on).RunAsync(default);
        (await OperationsAsync()).ShouldBe(1);

        await world.Registry.ExecuteAsync("delete from operation_scopes; update backups set copy_failures = 1, copy_failed_at = now() - interval '2 hours'");
        await Copies(on).RunAsync(default);
        (await OperationsAsync()).ShouldBe(2);

        Task<long> OperationsAsync() => world.Registry.ScalarAsync<long>("select count(*) from operations where kind = 'copyBackup' and requested_by = 'system' and tenant_id is null");
    }

    [Fact]
    public async Task Should_be_refused_once_and_tried_again_later_when_no_worker_copies()
    {
        await world.BackUpAsync();
        await world.Registry.ExecuteAsync("delete from processes");
        await Seed.ProcessAsync(world.Registry, [StepNames.Cache]);
        await world.Registry.ExecuteAsync("update processes set engine_level = 100");
        var time = new TestClock();
        var copies = Copies(new() { Bucket = "elsewhere" }, time);

        await copies.RunAsync(default);
        await copies.RunAsync(default);
        (await RefusedAsync()).ShouldBe(1);

        time.Advance(TimeSpan.FromMinutes(61));
        await copies.RunAsync(default);
        (await RefusedAsync()).ShouldBe(2);

        Task<long> RefusedAsync() => world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'command.refuse'");
    }

    private BackupCopies Copies(BackupCopyOptions options, TimeProvider? time = null)
    {
        var plan = new CopyBackupPlan(world.World.Store, world.Store, Options.Create(options));
        using var logging = LoggerFactory.Create(l => l.AddProvider(world.World.Log));
        return new(new(world.Registry, new RegistryClock()), Intakes.Of<CopyBackup, CopyBackup, CopyBackupPlan>(world.Registry, plan), Options.Create(options), time ?? TimeProvider.System, logging.CreateLogger<BackupCopies>());
    }

    private void Same()
    {
        var (originals, copies) = (Files(Path.Combine(world.World.Folder, "backups")), Files(Copy));
        copies.Select(c => Path.GetRelativePath(Copy, c)).ShouldBe(originals.Select(o => Path.GetRelativePath(Path.Combine(world.World.Folder, "backups"), o)));
        foreach (var (original, copy) in originals.Zip(copies))
            File.ReadAllBytes(copy).ShouldBe(File.ReadAllBytes(original));
    }

    private static List<string> Files(string root) => Directory.Exists(root) ? [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];
}
