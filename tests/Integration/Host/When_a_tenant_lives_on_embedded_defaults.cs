using System.IO.Compression;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

/// <summary>
/// One tenant from its beginning to its end, over HTTP, in a host that needs no other server: its bus is in memory, its identity provider and
/// cache are in the process, and its objects are in a folder.
/// </summary>
[Collection(OneHostAtATime.Name)]
public sealed class When_a_tenant_lives_on_embedded_defaults : IDisposable
{
    private const string Acme = "/api/v1/tenants/acme";
    private const int Users = 5;
    private const int Documents = 20;
    private static readonly string[] Exported = ["users", "documents", "settings", "media", "audit_logs"];
    private readonly string folder = HostProcess.NewFolder();

    [Fact]
    public async Task Should_run_every_command_until_nothing_is_left_of_it()
    {
        // Nobody uses the former logins of the rotation.
        await using var host = HostProcess.Start(folder, "--Saga:Demo:Enabled=false", "--Saga:Credentials:DrainSeconds=0");
        using var api = await HostApi.SignInAsync(host);
        await api.EndedAsync("/api/v1/tenants", new { name = "Acme", slug = "acme", plan = "basic", adminEmail = "ada@acme.example" });
        var tenant = TenantId.Parse((await api.ShowAsync(Acme)).GetProperty("id").GetString()!);
        var acme = new Outside(host, tenant);
        (await acme.IsAsync()).ShouldBe("Acme: row basic login open, organisation enabled");
        await acme.FillAsync();
        var rows = await acme.RowsAsync();
        rows.ShouldStartWith($"{Users * Documents} ");

        await UpdateAsync(api);
        await SuspendAndReactivateAsync(api, acme);
        await MoveAsync(api, acme, rows);
        await BackUpAndRestoreAsync(api, acme, rows);
        await ExportAsync(api);
        await RotateAndVerifyAsync(api, acme, rows);
        await TakeDeprovisioningBackAsync(api, acme, rows);

        await api.EndedAsync($"{Acme}/deprovision", new { confirm = "acme", backup = true, graceDays = 0, confirmNoGrace = "acme" });
        var removal = "";
        await Until.TrueAsync(
            async () => (removal = await acme.RegistryAsync<string>("select state from operations where kind = 'remove' and tenant_id = @tenant")) is "completed" or "compensated" or "stalled",
            "the removal ends", TimeSpan.FromMinutes(2));
        removal.ShouldBe("completed");
        (await acme.LeftAsync()).ShouldBeEmpty();
        Certifies(await api.ShowAsync($"/api/v1/tenants/{tenant}/certificate"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static async Task UpdateAsync(HttpClient api)
    {
        using var found = await api.GetAsync(new Uri(Acme, UriKind.Relative));
        using var patch = new HttpRequestMessage(HttpMethod.Patch, Acme) { Content = JsonContent.Create(new { name = "Acme Ltd", phone = "+493012345", subdomain = "acme-ltd" }) };
        patch.Headers.IfMatch.Add(found.Headers.ETag.ShouldNotBeNull());
        await api.EndedAsync(patch);

        (await api.ShowAsync(Acme)).GetProperty("subdomain").GetString().ShouldBe("acme-ltd");
    }

    private static async Task SuspendAndReactivateAsync(HttpClient api, Outside acme)
    {
        await api.EndedAsync($"{Acme}/suspend", new { reason = "The bill is not paid.", code = "nonPayment" });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: row basic barred closed, organisation disabled");
        await api.EndedAsync($"{Acme}/reactivate", new { });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: row basic login open, organisation enabled");
    }

    private static async Task MoveAsync(HttpClient api, Outside acme, string rows)
    {
        await api.EndedAsync($"{Acme}/migrate", new { targetPlan = "premium", isolation = "schema", migrationOptions = new { downtime = true } });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: schema premium login open, organisation enabled");
        (await acme.RowsAsync()).ShouldBe(rows);
        await api.EndedAsync($"{Acme}/migrate", new { targetPlan = "enterprise", isolation = "database", migrationOptions = new { downtime = true } });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: database enterprise login open, organisation enabled");
        (await acme.RowsAsync()).ShouldBe(rows);
    }

    private static async Task BackUpAndRestoreAsync(HttpClient api, Outside acme, string rows)
    {
        var backup = (await api.EndedAsync($"{Acme}/backup", new { includeObjects = true })).OutputOf("backup.begin").GetProperty("backupId").GetGuid();
        await acme.DeleteDocumentsAsync();

        var beside = await api.EndedAsync($"{Acme}/restore", new { backupId = backup, mode = "beside" });
        (await acme.RowsAsync(
            await acme.RegistryAsync<string>("select database from restored_databases where tenant_id = @tenant"), beside.OutputOf("restored.verify").GetProperty("schema").GetString()!)).ShouldBe(rows);
        (await acme.RowsAsync()).ShouldStartWith("0 ", customMessage: "what the tenant uses stays as it is");

        await api.EndedAsync($"{Acme}/restore", new { backupId = backup, mode = "replace" });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: database enterprise login open, organisation enabled");
        (await acme.RowsAsync()).ShouldBe(rows);
    }

    private static async Task ExportAsync(HttpClient api)
    {
        var export = (await api.EndedAsync($"{Acme}/export", new { dataTypes = Exported })).OutputOf("export.begin").GetProperty("exportId").GetGuid();
        using var given = await api.PostAsJsonAsync($"/api/v1/exports/{export}/link", new { reason = "Article 20." });
        var link = await given.Content.ReadFromJsonAsync<JsonElement>();
        using var anybody = new HttpClient();
        var file = await anybody.GetByteArrayAsync(new Uri(link.GetProperty("url").GetString()!));

        Convert.ToHexStringLower(SHA256.HashData(file)).ShouldBe(link.GetProperty("sha256").GetString());
        using var zip = new ZipArchive(new MemoryStream(file));
        zip.Entries.Select(e => e.FullName).ShouldBe(
            [
                "users/members.json", "users/tables/users.json", "documents/tables/documents.json", "settings/tenant.json", "settings/tables/settings.json", "settings/tables/tenants.json",
                "media/files/photos/1.txt", "media/objects.json", "audit_logs/platform.json", "manifest.json", "checksums.sha256",
            ],
            ignoreOrder: true);
        using var documents = await JsonDocument.ParseAsync(zip.GetEntry("documents/tables/documents.json")!.Open());
        documents.RootElement.GetArrayLength().ShouldBe(Users * Documents);
    }

    private static async Task RotateAndVerifyAsync(HttpClient api, Outside acme, string rows)
    {
        var former = await acme.LoginsAsync();
        await api.EndedAsync($"{Acme}/rotate-credentials", new { what = new[] { "database", "cache", "tenantKey" } });
        var login = (await acme.LoginsAsync()).Except(former, StringComparer.Ordinal).ShouldHaveSingleItem();
        (await acme.RegistryAsync<string>("select login from placements where tenant_id = @tenant and state = 'current'")).ShouldBe(login);
        (await acme.LoginsAsync()).Length.ShouldBe(former.Length, "the former login is dropped");

        var verified = await api.EndedAsync($"{Acme}/verify", new { });
        verified.OutputOf("tenant.check").GetProperty("passed").GetBoolean().ShouldBeTrue(verified.ToString());
        (await acme.RowsAsync()).ShouldBe(rows);
    }

    private static async Task TakeDeprovisioningBackAsync(HttpClient api, Outside acme, string rows)
    {
        await api.EndedAsync($"{Acme}/deprovision", new { confirm = "acme", backup = true, graceDays = 7 });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: database enterprise barred closed, organisation disabled");
        await api.EndedAsync($"{Acme}/deprovision/cancel", new { });
        (await acme.IsAsync()).ShouldBe("Acme Ltd: database enterprise login open, organisation enabled");
        (await acme.RowsAsync()).ShouldBe(rows);
    }

    private static void Certifies(JsonElement certificate)
    {
        certificate.GetProperty("plan").GetString().ShouldBe("enterprise");
        var removed = certificate.GetProperty("removed").EnumerateArray().ToLookup(r => r.GetProperty("resource").GetString()!);
        string.Join(' ', removed.Select(r => r.Key).Order(StringComparer.Ordinal)).ShouldBe("cache database exports objects organization restoredDatabase rows schema", certificate.ToString());
        removed["objects"].Single().GetProperty("counts").GetProperty("objects").GetInt64().ShouldBe(1, certificate.ToString());
        var (kept, deleted) = (certificate.GetProperty("kept"), certificate.GetProperty("deletedAt").GetDateTimeOffset());
        kept.GetProperty("backups").GetInt64().ShouldBe(2, "one of its life, and the final one");
        kept.GetProperty("expireAt").GetDateTimeOffset().ShouldBe(deleted.AddDays(90));
        kept.GetProperty("keysDestroyedAt").GetDateTimeOffset().ShouldBe(kept.GetProperty("registryBackupsExpireAt").GetDateTimeOffset());
    }

    /// <summary>What a tenant has in the systems of the host.</summary>
    private sealed class Outside(HostProcess host, TenantId tenant)
    {
        public async Task FillAsync()
        {
            await using (var place = await OpenAsync())
                await SampleRows.FillAsync(place, tenant, Users, Documents);
            var photos = Directory.CreateDirectory(Path.Combine(host.Folder, "objects", "tenants", tenant.ToString(), "photos"));
            await File.WriteAllTextAsync(Path.Combine(photos.FullName, "1.txt%"), "a photo");
        }

        public async Task DeleteDocumentsAsync()
        {
            await using var place = await OpenAsync();
            await SampleRows.DeleteDocumentsAsync(place, tenant);
        }

        public async Task<string> RowsAsync()
        {
            await using var place = await OpenAsync();
            return await SampleRows.DigestAsync(place, tenant);
        }

        public async Task<string> RowsAsync(string database, string schema)
        {
            await using var place = await HostDatabase.OpenAsync(host, database, schema);
            return await SampleRows.DigestAsync(place, tenant);
        }

        /// <summary>What the tenant is, and whether it can be reached.</summary>
        public async Task<string> IsAsync()
        {
            var (name, placed, login, organisation) = await RegistryAsync<(string, string, string, string)>(
                """
                select o.name, concat_ws(' ', p.tier, t.plan), case when r.rolcanlogin then 'login' else 'barred' end, case when o.enabled then 'enabled' else 'disabled' end
                from tenants t join placements p on p.tenant_id = t.id and p.state = 'current'
                left join pg_roles r on r.rolname = p.login left join embedded_identity.organizations o on o.tenant_id = t.id
                where t.id = @tenant
                """);
            await using var place = await OpenAsync();
            return $"{name}: {placed} {login} {await place.QuerySingleAsync<string>("select mode from saga.place where tenant_id = @tenant", new { tenant = tenant.Value })}, organisation {organisation}";
        }

        /// <summary>Every login of the tenant's places.</summary>
        public async Task<string[]> LoginsAsync()
        {
            await using var registry = await HostDatabase.OpenAsync(host, "saga");
            return [.. await registry.QueryAsync<string>("select rolname from pg_roles where rolname ~ '^t_' and rolname !~ '_owner$'")];
        }

        public async Task<T> RegistryAsync<T>(string sql)
        {
            await using var registry = await HostDatabase.OpenAsync(host, "saga");
            return (await registry.QuerySingleOrDefaultAsync<T>(sql, new { tenant = tenant.Value }))!;
        }

        /// <summary>Whatever belongs to any tenant, in every database and folder of the host, except backups.</summary>
        public async Task<List<string>> LeftAsync()
        {
            var left = new List<string>();
            List<string> shared = [];
            await using (var registry = await HostDatabase.OpenAsync(host, "saga"))
            {
                // Prepared databases have no tenant yet.
                foreach (var database in await registry.QueryAsync<string>("select datname from pg_database where datallowconn"))
                    (database is "postgres" or "template1" or "saga" or "saga_rows" or "saga_schemas_1" || database.StartsWith("saga_template_", StringComparison.Ordinal)
                        || database.StartsWith("saga_spare_", StringComparison.Ordinal) ? shared : left).Add(database);
                left.AddRange(await registry.QueryAsync<string>("select rolname from pg_roles where rolname !~ '^(saga|pg)_' and rolname <> 'postgres'"));
                left.AddRange(await registry.QueryAsync<string>(
                    """
                    select 'organisation ' || name from embedded_identity.organizations union all select 'user ' || email from embedded_identity.users
                    union all select 'member' from embedded_identity.members union all select 'hold' from holds union all select 'key' from tenant_keys
                    union all select 'credential' from tenant_credentials union all select 'scope' from operation_scopes union all select 'restored ' || database from restored_databases
                    union all select 'placement ' || state from placements where state <> 'gone'
                    """));
            }

            foreach (var database in shared.Where(d => d is "saga_rows" or "saga_schemas_1"))
            {
                await using var connection = await HostDatabase.OpenAsync(host, database);
                left.AddRange(await connection.QueryAsync<string>("select nspname from pg_namespace where nspname ~ '^t_'"));
                if (database == "saga_rows")
                    left.AddRange(await connection.QueryAsync<string>("select 'rows' from product.tenants where tenant_id = @tenant union all select 'document' from product.documents where tenant_id = @tenant", new { tenant = tenant.Value }));
            }

            var objects = Path.Combine(host.Folder, "objects");
            left.AddRange(Directory.EnumerateFileSystemEntries(objects, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(objects, f))
                .Where(f => !f.StartsWith("backups/", StringComparison.Ordinal) && (f.Contains(tenant.ToString(), StringComparison.Ordinal) || f.EndsWith(".zip", StringComparison.Ordinal))));
            return left;
        }

        private async Task<Npgsql.NpgsqlConnection> OpenAsync()
        {
            var (database, schema) = await RegistryAsync<(string, string)>("select database, schema from placements where tenant_id = @tenant and state = 'current'");
            return await HostDatabase.OpenAsync(host, database, schema);
        }
    }
}
