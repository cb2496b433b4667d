using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Tenancy.Objects;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Backup.Format;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Backup.Tools;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_tenant_is_backed_up
{
    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_contain_its_rows_settings_and_objects_and_nobody_elses(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var other = await world.ActiveAsync(tier);
        var tenant = await world.ActiveAsync(tier);
        await world.WishAsync(tenant, new() { TenantId = tenant.Id, Note = "Before the upgrade.", IncludeObjects = true });

        var id = await world.BackUpAsync(tenant);

        var backup = (await world.Store.FindAsync(id, default))!;
        (backup.State, backup.Note, backup.RequestedBy, backup.IncludesObjects, backup.Tier).ShouldBe((BackupState.Completed, "Before the upgrade.", "seed", true, tier));
        var manifest = await world.Reader.OpenAsync(id, default);
        manifest.Parts.Select(p => p.Name).ShouldBe(["contents", "objects", "rows", "settings"]);
        foreach (var part in manifest.Parts)
            await world.Reader.VerifyAsync(part, null, default);
        backup.Bytes.ShouldBe(manifest.Parts.Sum(p => p.Bytes));
        manifest.SchemaVersion.ShouldBe((await tenant.ReadAsync()).SchemaVersion);
        var counts = manifest.Parts.Single(p => p.Name == "rows").Counts;
        (counts["users"], counts["documents"]).ShouldBe((1, 1));

        var rows = await RowsAsync(world, tenant, id, tier);
        rows.ShouldContain("a@acme.com");
        rows.ShouldContain(tenant.Id.ToString());
        rows.ShouldNotContain(other.Id.ToString());
        var settings = JsonElement.Parse(await world.PartAsync(tenant, id, "settings"));
        settings.GetProperty("tenant").GetProperty("slug").GetString().ShouldBe((await tenant.ReadAsync()).Slug.ToString());
        settings.GetProperty("plan").GetProperty("name").GetString().ShouldBe("custom");
        settings.GetProperty("settings")[1].GetProperty("sealed").GetString().ShouldBe("AQI=", "sealed values stay sealed");
        settings.GetProperty("placements")[0].GetProperty("tier").GetString().ShouldBe(tier.ToString().ToLowerInvariant());
        (await ObjectsAsync(world, tenant, id)).ShouldBe(["invoices/1.txt 10 an invoice"]);
    }

    [Fact]
    public async Task Should_list_objects_without_their_contents_unless_it_is_asked_to()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);

        var id = await world.BackUpAsync(tenant);

        (await world.Reader.OpenAsync(id, default)).Parts.Select(p => p.Name).ShouldBe(["objects", "rows", "settings"]);
        Lines(await world.PartAsync(tenant, id, "objects")).ShouldHaveSingleItem().ShouldContain("\"key\":\"invoices/1.txt\",\"bytes\":10");
    }

    [Fact]
    public async Task Should_contain_the_contents_when_it_is_part_of_another_command()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync("update operations set kind = 'deprovision'");

        var id = await world.BackUpAsync(tenant);

        (await world.Reader.OpenAsync(id, default)).IncludesObjects.ShouldBeTrue();
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    public async Task Should_contain_the_rows_of_a_closed_tenant(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(tier);
        await world.Database.AdminQueryAsync<int>((await tenant.ReadAsync()).Placement!.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}' returning 1");

        var id = await world.BackUpAsync(tenant);

        (await RowsAsync(world, tenant, id, tier)).ShouldContain("a@acme.com");
    }

    [Fact]
    public async Task Should_have_one_state_of_all_tables_however_long_it_takes()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Schema);
        var place = (await tenant.ReadAsync()).Placement!;
        await using var snapshot = await RowsSnapshot.OpenAsync(world.Database.Get<DatabaseServers>(), world.Database.Get<ConnectionBudgets>(), place.Server, place.Database, default);
        await using (var session = await world.Database.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync("insert into users (email, display_name) values ('late@acme.com', 'Late')");
            await session.CommitAsync(default);
        }

        (await snapshot.SumAsync(place.Schema, "users", null, default)).Rows.ShouldBe(1);
        var tool = (await world.Database.Get<PostgresTools>().FindAsync(PostgresTools.Dump, default))!;
        var dump = new MemoryStream();
        await world.Database.Get<PgDump>().RunAsync(tool, place.Server, place.Database, place.Schema, snapshot.Name, snapshot.Role, dump, default);
        (await RestoredAsync(dump.ToArray())).ShouldNotContain("late@acme.com");
    }

    [Fact]
    public async Task Should_be_announced_and_audited_once()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);

        foreach (var step in BackupWorld.Steps)
        {
            // The answer of the first attempt was lost.
            await world.Database.ExecuteAsync(tenant, step);
            await world.Database.ExecuteAsync(tenant, step);
        }

        var id = await world.IdAsync(tenant);
        (await world.Registry.ScalarAsync<string>("select string_agg(message_type, ' ') from outbox")).ShouldBe("Saga.Contracts.Events.TenantBackedUp");
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'backup.complete' and actor = 'seed'")).ShouldBe(1);
        foreach (var part in (await world.Reader.OpenAsync(id, default)).Parts)
            await world.Reader.VerifyAsync(part, null, default);
    }

    [Fact]
    public async Task Should_be_complete_again_after_a_step_was_retried()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        var id = await world.BackUpAsync(tenant);

        await world.Database.ExecuteAsync(tenant, StepNames.BackupRows);
        (await world.Store.FindAsync(id, default))!.State.ShouldBe(BackupState.Running);
        await world.Database.ExecuteAsync(tenant, StepNames.CompleteBackup);

        foreach (var part in (await world.Reader.OpenAsync(id, default)).Parts)
            await world.Reader.VerifyAsync(part, null, default);
        world.Files().Count.ShouldBe(4);
    }

    [Fact]
    public async Task Should_leave_no_file_of_an_attempt_that_did_not_end()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.BackUpAsync(tenant, StepNames.BackupRows);
        await world.Database.ExecuteAsync(tenant, StepNames.BackupRows);

        world.Files().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_use_a_key_of_its_own_that_only_the_tenants_backup_key_opens()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        var id = await world.BackUpAsync(tenant);

        foreach (var file in world.Files().Where(f => !f.EndsWith("manifest.json", StringComparison.Ordinal)))
            Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)).ShouldStartWith("SAGB");
        // The key that seals the tenant's secrets is another one, and may be destroyed.
        await world.Registry.ExecuteAsync("delete from tenant_keys");
        (await world.PartAsync(tenant, id, "settings")).ShouldNotBeEmpty();
        await world.Registry.ExecuteAsync("delete from backup_data_keys");
        (await Should.ThrowAsync<Saga.Tenancy.Sealing.SealingException>(() => world.PartAsync(tenant, id, "settings"))).Message.ShouldContain("has no key: it was destroyed");
    }

    private static async Task<string> RowsAsync(BackupWorld world, SeededTenant tenant, Guid id, IsolationTier tier)
    {
        var part = await world.PartAsync(tenant, id, "rows");
        if (tier != IsolationTier.Row)
            return await RestoredAsync(part);
        var text = new StringBuilder();
        var archive = new ArchiveReader(new GZipStream(new MemoryStream(part), CompressionMode.Decompress));
        var buffer = new byte[100];
        while (await archive.NextAsync<CopiedTable>(default) is { } table)
        {
            text.Append(table.Table).Append(string.Join(',', table.Columns)).Append('\n');
            while (await archive.ReadAsync(buffer, default) is > 0 and var read)
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    // What pg_restore would run.
    private static async Task<string> RestoredAsync(byte[] dump)
    {
        using var process = Process.Start(new ProcessStartInfo(TestedPostgres.Folder is { } folder ? Path.Combine(folder, "pg_restore") : "pg_restore", "--file=-")
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false,
        })!;
        var reading = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(dump);
        process.StandardInput.Close();
        var text = await reading;
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0);
        return text;
    }

    private static async Task<List<string>> ObjectsAsync(BackupWorld world, SeededTenant tenant, Guid id)
    {
        var found = new List<string>();
        var archive = new ArchiveReader(new MemoryStream(await world.PartAsync(tenant, id, "contents")));
        var buffer = new byte[100];
        while (await archive.NextAsync<Saga.Workers.Backup.Objects.SourceObject>(default) is { } item)
        {
            var content = new MemoryStream();
            while (await archive.ReadAsync(buffer, default) is > 0 and var read)
                content.Write(buffer, 0, read);
            found.Add($"{item.Key} {item.Bytes} {Encoding.UTF8.GetString(content.ToArray())}");
        }

        return found;
    }

    private static string[] Lines(byte[] packed)
    {
        using var reader = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
