using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Host.Commands;
using Saga.Host.Startup;
using Saga.Registry.Backups;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Processes;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Integration.Sealing;
using Saga.Tests.Support;
using Saga.Workers.Backup;
using Saga.Workers.Backup.OfRegistry;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_the_registry_is_restored : IAsyncLifetime
{
    private RegistryBackupWorld world = null!;
    private SeededTenant tenant = null!;
    private Guid backup;
    private Guid registryBackup;
    private byte[] secret = null!;
    private string target = null!;

    public async ValueTask InitializeAsync()
    {
        world = await RegistryBackupWorld.CreateAsync();
        tenant = await world.World.ActiveAsync(IsolationTier.Row);
        backup = await world.World.BackUpAsync(tenant);
        secret = await world.World.Database.Get<TenantSealer>().SealAsync(tenant.Id, "p", "hush"u8.ToArray(), default);
        await Seed.ProcessAsync(world.Registry);
        // Something is going on, and something is due, while the backup is made.
        await tenant.BeginAsync(StepNames.Cache);
        await world.Registry.ExecuteAsync(
            """
            insert into scheduled_commands (id, kind, tenant_id, command, run_at, expires_at, needs_approval, requested_by, created_at, next_try_at)
            select gen_random_uuid(), 'remove', id, '{}', now() + interval '1 minute', now() + interval '1 day', false, 'ada', now(), now() + interval '1 minute' from tenants where id = @Value
            """,
            new { tenant.Id.Value });
        registryBackup = await world.BackUpAsync();
        target = await PostgresServer.NewDatabaseAsync("restored");
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_open_every_key_and_know_every_tenant_on_an_empty_server()
    {
        var before = (await world.Store.FindAsync(registryBackup, default))!;
        var files = world.Files();
        var lease = await world.Registry.ScalarAsync<string>("select holder || ' ' || fence from operation_steps where step = 'cache.create'");
        var (restore, services) = world.Into(target);
        var said = new List<string>();

        await restore.RunAsync(said.Add, default);

        string.Join(' ', said).ShouldContain("2 tenants");
        var restored = services.GetRequiredService<NpgsqlDataSource>();
        var found = (await services.GetRequiredService<TenantStore>().FindAsync(tenant.Id, default))!;
        (found.Slug, found.Status, found.Placement).ShouldBe(((await tenant.ReadAsync()).Slug, TenantStatus.Active, (await tenant.ReadAsync()).Placement));
        (await services.GetRequiredService<TenantSealer>().OpenAsync(tenant.Id, "p", secret, default)).ShouldBe("hush"u8.ToArray());
        var reader = services.GetRequiredService<BackupReader>();
        var manifest = await reader.OpenAsync(backup, default);
        await using (var part = await reader.OpenPartAsync(tenant.Id, backup, manifest.Parts.Single(p => p.Name == "settings"), default))
            (await JsonDocument.ParseAsync(part)).RootElement.GetProperty("tenant").GetProperty("id").GetString().ShouldBe(tenant.Id.ToString());

        // Nothing acts as before: the attempt has lost its lease, no process is known, and what is scheduled waits.
        (await restored.ScalarAsync<string>("select holder || ' ' || fence from operation_steps where step = 'cache.create'")).ShouldNotBe(lease);
        (await restored.ScalarAsync<bool>("select lost_at <= now() and watched_until <= now() and fence > 1000 and held_fence = fence from operation_steps where step = 'cache.create'")).ShouldBeTrue();
        (await services.GetRequiredService<ProcessStore>().ListAsync(default)).ShouldBeEmpty();
        (await restored.ScalarAsync<bool>("select run_at > now() + interval '23 hours' and next_try_at = run_at and expires_at > run_at from scheduled_commands")).ShouldBeTrue();
        (await restored.ScalarAsync<string>("select detail ->> 'backup' from audit where action = 'registry.restore'")).ShouldBe(registryBackup.ToString());
        (await restored.ScalarAsync<bool>("select restored_at is not null from installation")).ShouldBeTrue("a repair asks before it quarantines what is older");
        // The numbers after its lines were given before, so they are another chain's.
        (await restored.ScalarAsync<Guid>("select chain from audit_chain")).ShouldNotBe(await world.Registry.ScalarAsync<Guid>("select chain from audit_chain"));

        // The backup was running in its own snapshot. Its operation goes on and leaves its files alone.
        var known = (await services.GetRequiredService<RegistryBackupStore>().FindAsync(registryBackup, default))!;
        (known.State, known.Bytes, known.MasterKeyIds.Single(), Convert.ToHexString(known.Manifest!.Sha256)).ShouldBe(
            (BackupState.Completed, before.Bytes, "k1", Convert.ToHexString(before.Manifest!.Sha256)));
        foreach (var step in RegistryBackupWorld.Steps)
            await world.ExecuteAsync(services, step);
        world.Files().ShouldBe(files);
    }

    [Fact]
    public async Task Should_be_refused_by_a_database_that_is_not_empty()
    {
        await ExecuteAsync("create schema product; create table product.users (id int)");

        (await RefusedAsync()).ShouldContain("is not empty: it has 1 tables, such as product.users");
        (await TablesAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_refused_without_a_master_key_that_it_needs()
    {
        var message = await RefusedAsync(settings: [("Saga:Sealing:ActiveKey", "k2"), ("Saga:Sealing:MasterKeys:k2", SealingFixture.Second)]);

        message.ShouldContain("needs master keys that are not configured: k1. Set Saga:Sealing:MasterKeys:k1;");
        (await TablesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_when_the_dump_was_changed()
    {
        await When_the_registry_is_backed_up.TamperAsync(world.Files().Single(f => f.EndsWith("-registry", StringComparison.Ordinal)));

        (await RefusedAsync()).ShouldContain("was changed after it was written");
        (await TablesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_when_the_backup_is_newer_than_the_program()
    {
        await ManifestAsync(m => m["schemaVersion"] = 9999);

        (await RefusedAsync()).ShouldContain("is newer than this program: it has schema 9999");
        (await TablesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_leave_nothing_when_the_rows_are_not_what_the_manifest_says()
    {
        await ManifestAsync(m => m["parts"]![0]!["counts"]!["public.tenants"] = 3);

        (await RefusedAsync()).ShouldContain("public.tenants has 2 rows and should have 3");
        (await TablesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_leave_nothing_when_what_was_restored_cannot_be_made_safe()
    {
        // PostgreSQL takes no such character, which shows only when the dump is restored and its manifest is written.
        await ManifestAsync(m => m["sagaVersion"] = "1\0");

        (await RefusedAsync()).ShouldContain("unsupported Unicode escape sequence");
        (await TablesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_for_a_backup_that_is_not_there()
    {
        (await RefusedAsync(Guid.Empty.ToString())).ShouldContain(registryBackup.ToString());
        Directory.Delete(world.Folder, recursive: true);
        (await RefusedAsync()).ShouldContain("has no backup of the registry");
        (await TablesAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_done_by_the_hosts_command_which_lists_the_backups_without_one()
    {
        var command = HostCommand.Find(["restore", "registry"]).ShouldNotBeNull();

        (await command.RunAsync(world.Configuration(target, ""), default)).ShouldBe(HostCommand.FoundFaults);
        (await TablesAsync()).ShouldBe(0);
        (await command.RunAsync(world.Configuration(target, registryBackup.ToString()), default)).ShouldBe(0);
        (await TablesAsync()).ShouldBeGreaterThan(50);
        (await Should.ThrowAsync<StartException>(() => command.RunAsync(world.Configuration(target, registryBackup.ToString()), default))).Messages.Single().ShouldContain("is not empty");
    }

    private async Task<string> RefusedAsync(string which = RegistryRestoreOptions.Newest, params (string Key, string? Value)[] settings) =>
        (await Should.ThrowAsync<RegistryRestoreException>(() => world.Into(target, which, settings).Restore.RunAsync(_ => { }, default))).Message;

    private async Task ManifestAsync(Action<JsonNode> change)
    {
        var file = world.Files().Single(f => f.EndsWith("manifest.json", StringComparison.Ordinal));
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        change(manifest);
        await File.WriteAllTextAsync(file, manifest.ToJsonString(Json.Options));
    }

    private async Task<long> TablesAsync()
    {
        await using var data = NpgsqlDataSource.Create(target);
        return await data.ScalarAsync<long>("select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var data = NpgsqlDataSource.Create(target);
        await data.ExecuteAsync(sql);
    }
}
