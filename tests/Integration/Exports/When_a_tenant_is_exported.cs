using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Tests.Integration.Engine;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Exports;

public sealed class When_a_tenant_is_exported
{
    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_have_all_that_is_the_tenants_and_nothing_of_others(IsolationTier tier)
    {
        await using var world = await ExportWorld.CreateAsync();
        var other = await world.ActiveAsync(tier);
        var tenant = await world.ActiveAsync(tier);

        var export = await world.ExportAsync(tenant);

        var slug = (await tenant.ReadAsync()).Slug.ToString();
        (export.State, export.RequestedBy, export.Format, export.Slug.ToString()).ShouldBe((ExportState.Completed, "seed", "json", slug));
        var file = await File.ReadAllBytesAsync(world.Files().Single());
        (export.Bytes, Convert.ToHexStringLower(export.Sha256!)).ShouldBe((file.Length, Convert.ToHexStringLower(SHA256.HashData(file))));
        var entries = await world.ReadAsync(export);
        entries.Keys.Order(StringComparer.Ordinal).ShouldBe(
        [
            "audit_logs/platform.json", "checksums.sha256", "documents/tables/documents.json", "manifest.json", "media/files/invoices/1.txt", "media/files/users/u1/face.txt", "media/objects.json",
            "settings/tables/settings.json", "settings/tables/tenants.json", "settings/tenant.json", "users/members.json", "users/tables/users.json",
        ]);
        JsonElement.Parse(entries["users/tables/users.json"])[0].GetProperty("email").GetString().ShouldBe("a@acme.com");
        JsonElement.Parse(entries["documents/tables/documents.json"])[0].GetProperty("tenant_id").GetGuid().ShouldBe(tenant.Id.Value);
        JsonElement.Parse(entries["users/members.json"])[0].GetProperty("email").GetString().ShouldBe($"ann@{slug}.example");
        JsonElement.Parse(entries["audit_logs/platform.json"]).EnumerateArray().Select(l => l.GetProperty("action").GetString()).ShouldBe(["tenant.provision", "tenant.update"]);
        entries["settings/tenant.json"].ShouldContain("{\"section\":\"settings\",\"key\":\"colour\",\"value\":\"red\",\"encrypted\":false}");
        entries["settings/tenant.json"].ShouldContain("{\"section\":\"settings\",\"key\":\"secret\",\"value\":null,\"encrypted\":true}", Case.Sensitive, "a sealed value is named only");
        entries["media/files/invoices/1.txt"].ShouldBe("content of invoices/1.txt");
        entries.Values.ShouldAllBe(text => !text.Contains(other.Id.ToString(), StringComparison.Ordinal));
        var manifest = JsonElement.Parse(entries["manifest.json"]);
        manifest.GetProperty("tenantId").GetGuid().ShouldBe(tenant.Id.Value);
        manifest.GetProperty("schemaVersion").GetInt32().ShouldBe((await tenant.ReadAsync()).SchemaVersion!.Value);
        manifest.GetProperty("files").EnumerateArray().Single(f => f.GetProperty("path").GetString() == "users/tables/users.json").GetProperty("fields").EnumerateArray()
            .Select(f => $"{f.GetProperty("name").GetString()} {f.GetProperty("type").GetString()}").ShouldContain("email text");
        Checksums(entries).ShouldBe(entries["checksums.sha256"]);
    }

    [Fact]
    public async Task Should_be_csv_when_that_is_asked_for()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.WishAsync(tenant, new() { TenantId = tenant.Id, DataTypes = ["users", "media", "settings", "audit_logs"], Format = "csv" });

        var export = await world.ExportAsync(tenant);

        var entries = await world.ReadAsync(export);
        entries.Keys.ShouldNotContain(k => k.StartsWith("documents/", StringComparison.Ordinal));
        entries["users/tables/users.csv"].ShouldStartWith("tenant_id,id,email,display_name,created_at\n");
        entries["users/tables/users.csv"].ShouldContain(",a@acme.com,A,");
        entries["media/objects.csv"].Split("\r\n")[0].ShouldBe("key,path,bytes,sha256,eTag,version,modifiedAt");
        entries["settings/tenant.csv"].ShouldContain("settings,colour,red,false\r\nsettings,secret,,true\r\n");
        entries["audit_logs/platform.csv"].ShouldContain(",ada,tenant.provision,,\"{\"\"plan\"\": \"\"custom\"\"}\"\r\n");
        (export.Counts!["users/tables/users"], export.Counts["media/objects"]).ShouldBe((1, 2));
    }

    [Fact]
    public async Task Should_be_limited_to_one_user()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Schema);
        await world.WishAsync(tenant, new() { TenantId = tenant.Id, DataTypes = ["users", "documents", "media", "audit_logs"], UserId = "u1" });

        var export = await world.ExportAsync(tenant);

        var entries = await world.ReadAsync(export);
        JsonElement.Parse(entries["users/tables/users.json"]).GetArrayLength().ShouldBe(0);
        JsonElement.Parse(entries["documents/tables/documents.json"]).GetArrayLength().ShouldBe(0, "its author is another user");
        JsonElement.Parse(entries["audit_logs/platform.json"]).EnumerateArray().Select(l => l.GetProperty("actor").GetString()).ShouldBe(["u1"]);
        entries.Keys.Where(k => k.StartsWith("media/files/", StringComparison.Ordinal)).ShouldBe(["media/files/users/u1/face.txt"]);
        (export.UserId, JsonElement.Parse(entries["manifest.json"]).GetProperty("userId").GetString()).ShouldBe(("u1", "u1"));
    }

    [Fact]
    public async Task Should_fail_when_nothing_concerns_the_user()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.WishAsync(tenant, new() { TenantId = tenant.Id, DataTypes = ["users", "media"], UserId = "nobody'; drop table users; --" });
        await world.Database.ExecuteAsync(tenant, StepNames.BeginExport);

        (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.WriteExport))).Failure.Code.ShouldBe("export-empty");

        world.Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_the_tables_and_columns_that_the_product_declares()
    {
        var product = Directory.CreateTempSubdirectory("saga-product-").FullName;
        await File.WriteAllTextAsync(
            Path.Combine(product, "0001_people.sql"),
            """
            create table people (tenant_id uuid not null default saga.current_tenant(), id text not null, primary key (tenant_id, id));
            create table notes (tenant_id uuid not null default saga.current_tenant(), id int not null, about text not null, primary key (tenant_id, id));
            create table drafts (tenant_id uuid not null default saga.current_tenant(), id int not null, primary key (tenant_id, id));
            create table rooms (tenant_id uuid not null default saga.current_tenant(), id int not null, primary key (tenant_id, id));
            """);
        await File.WriteAllTextAsync(
            Path.Combine(product, "export.json"),
            """{"tables":{"people":{"dataType":"users"},"notes":{"dataType":"audit_logs","userColumn":"about"},"drafts":{"dataType":"none"}},"userObjects":"people/{userId}/"}""");
        await using var world = await ExportWorld.CreateAsync(("Saga:Product:Migrations", product));
        var tenant = await world.Database.ReadyAsync(IsolationTier.Schema);
        await world.Registry.ExecuteAsync("update placements set state = 'current'; update tenants set status = 'active'");
        await using (var session = await world.Database.Connections.OpenAsync(tenant.Id, default))
        {
            await Dapper.SqlMapper.ExecuteAsync(session.Connection, "insert into people (id) values ('u1'), ('u2'); insert into notes (id, about) values (1, 'u1'), (2, 'u2')");
            await session.CommitAsync(default);
        }

        await world.WishAsync(tenant, new() { TenantId = tenant.Id, DataTypes = ["users", "documents", "audit_logs"], UserId = "u1" });

        var export = await world.ExportAsync(tenant);

        var entries = await world.ReadAsync(export);
        JsonElement.Parse(entries["users/tables/people.json"]).EnumerateArray().Select(p => p.GetProperty("id").GetString()).ShouldBe(["u1"]);
        JsonElement.Parse(entries["audit_logs/tables/notes.json"]).EnumerateArray().Select(p => p.GetProperty("about").GetString()).ShouldBe(["u1"]);
        JsonElement.Parse(entries["manifest.json"]).GetProperty("leftOut").EnumerateArray().Select(l => l.GetProperty("what").GetString()).ShouldBe(["drafts", "rooms"]);
        Directory.Delete(product, recursive: true);
    }

    [Fact]
    public async Task Should_be_announced_audited_and_scheduled_for_removal_once()
    {
        await using var world = await ExportWorld.CreateAsync(("Saga:Exports:KeepHours", "2"));
        var tenant = await world.ActiveAsync(IsolationTier.Row);

        await world.ExportAsync(tenant);
        // The answer was lost.
        var export = await world.ExportAsync(tenant);

        (await world.Registry.ScalarAsync<string>("select string_agg(message_type, ' ') from outbox")).ShouldBe("Saga.Contracts.Events.TenantExported");
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'export.complete' and actor = 'seed'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<string>("select string_agg(kind || ' ' || (command ->> 'exportId') || ' ' || (run_at = e.expires_at), ' ') from scheduled_commands cross join exports e"))
            .ShouldBe($"remove-export {export.Id} true");
        (export.ExpiresAt - export.EndedAt)!.Value.TotalHours.ShouldBe(2, 0.01);
        world.Files().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_leave_no_file_of_an_attempt_that_did_not_end()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.ExportAsync(tenant);
        // The process died before the registry knew of the file.
        await world.Registry.ExecuteAsync("update exports set state = 'running', file = null; delete from scheduled_commands");

        await world.Database.ExecuteAsync(tenant, StepNames.WriteExport);

        Path.GetRelativePath(Path.Combine(world.Folder, "exports"), world.Files().ShouldHaveSingleItem()).ShouldBe((await world.FindAsync(tenant)).File);
    }

    private static string Checksums(IReadOnlyDictionary<string, string> entries) => string.Concat(
        entries.Where(e => e.Key != "checksums.sha256").Select(e => $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(e.Value)))}  {e.Key}\n"));
}
