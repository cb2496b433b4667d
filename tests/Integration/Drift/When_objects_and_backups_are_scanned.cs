using Saga.Contracts.Identifiers;
using Saga.Tests.Integration.Backups;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup;
using Saga.Workers.Storage;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Drift;

public sealed class When_objects_and_backups_are_scanned : IAsyncLifetime
{
    private BackupWorld world = null!;
    private DriftScans scans = null!;
    private SeededTenant tenant = null!;
    private Guid backup;

    public async ValueTask InitializeAsync()
    {
        world = await BackupWorld.CreateAsync();
        scans = new(world.Registry);
        tenant = await world.ActiveAsync(IsolationTier.Row);
        backup = await world.BackUpAsync(tenant);
        await scans.ActivateAsync(tenant);
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_find_nothing_where_nobody_meddled()
    {
        (await scans.RunAsync(Backups)).Compared.ShouldBe(1);
        (await scans.RunAsync(Storage)).Compared.ShouldBe(1);

        (await scans.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_files_of_a_backup_that_are_gone_cut_short_or_too_many()
    {
        var folder = Path.Combine(world.Folder, "backups", tenant.Id.ToString(), backup.ToString());
        var files = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        var (gone, cut) = (files.Single(f => f.EndsWith("-manifest.json", StringComparison.Ordinal)), files.Single(f => f.EndsWith("-rows", StringComparison.Ordinal)));
        File.Delete(gone);
        var bytes = new FileInfo(cut).Length;
        await File.WriteAllTextAsync(cut, "x");
        await File.WriteAllTextAsync(Path.Combine(folder, "more"), "xy");

        await scans.RunAsync(Backups);

        string Name(string file) => Path.GetRelativePath(folder, file);
        (await scans.OpenAsync()).ShouldHaveSingleItem().Split(' ', 4)[3].Replace(" bytes", "", StringComparison.Ordinal).Split(' ').ShouldBe(
            [$"{Name(gone)}=-!yes", $"{Name(cut)}=1!{bytes}", "more=2!-"], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_find_a_backup_without_files_and_files_without_a_backup()
    {
        var (own, strange) = (Path.Combine(world.Folder, "backups", tenant.Id.ToString()), Guid.NewGuid());
        Directory.Delete(Path.Combine(own, backup.ToString()), recursive: true);
        Directory.CreateDirectory(Path.Combine(own, strange.ToString(), "s"));
        await File.WriteAllTextAsync(Path.Combine(own, strange.ToString(), "s", "1-rows"), "x");
        Directory.CreateDirectory(Path.Combine(world.Folder, "backups", "audit", "2027"));
        await File.WriteAllTextAsync(Path.Combine(world.Folder, "backups", "audit", "2027", "head.json"), "x");

        await scans.RunAsync(Backups);

        (await scans.OpenAsync()).ShouldBe([$"missing backup {tenant.Id}/{backup}", $"orphan backup {tenant.Id}/{strange}"]);
    }

    [Fact]
    public async Task Should_not_judge_a_backup_that_is_being_made()
    {
        await world.Registry.ExecuteAsync("update backups set state = 'running'");

        await scans.RunAsync(Backups);

        (await scans.OpenAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_objects_that_are_lost_and_those_of_nobody()
    {
        var strange = Guid.NewGuid();
        Directory.Delete(Path.Combine(world.Folder, "tenants", tenant.Id.ToString()), recursive: true);
        Directory.CreateDirectory(Path.Combine(world.Folder, "tenants", strange.ToString()));

        await scans.RunAsync(Storage);

        (await scans.OpenAsync()).ShouldBe([$"missing storage {tenant.Id}", $"orphan storage {strange}"]);
    }

    private BackupInventory Backups => world.Database.Get<BackupInventory>();

    private StorageInventory Storage => world.Database.Get<StorageInventory>();
}
