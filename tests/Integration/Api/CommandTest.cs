using System.Net.Http.Headers;
using System.Text;
using Saga.Contracts.Commands;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.Integration.Api;

/// <summary>Every command that people post about a tenant that exists, and tenants that they fit. No process runs what is accepted.</summary>
public abstract class CommandTest(SharedApi shared) : ApiTest(shared)
{
    protected const string Unpaid = "The bill is not paid.";

    /// <summary>The method, the address below the API, and the body of each.</summary>
    protected static IReadOnlyDictionary<string, (string Method, string Path, string Body)> Posted { get; } = new Dictionary<string, (string Method, string Path, string Body)>(StringComparer.Ordinal)
    {
        [nameof(UpdateTenant)] = ("PATCH", "/tenants/{slug}", """{"description":"{new}"}"""),
        [nameof(SetConfig)] = ("POST", "/tenants/{slug}/config", """{"configKey":"file_upload.max_size","configValue":5}"""),
        [nameof(SuspendTenant)] = ("POST", "/tenants/{slug}/suspend", $$"""{"reason":"{{Unpaid}}","code":"nonPayment"}"""),
        [nameof(ReactivateTenant)] = ("POST", "/tenants/{slug}/reactivate", "{}"),
        [nameof(MigrateTenant)] = ("POST", "/tenants/{slug}/migrate", """{"targetPlan":"custom"}"""),
        [nameof(RevertMove)] = ("POST", "/tenants/{slug}/migrate/revert", "{}"),
        [nameof(BackupTenant)] = ("POST", "/tenants/{slug}/backup", "{}"),
        [nameof(RestoreTenant)] = ("POST", "/tenants/{slug}/restore", """{"backupId":"{backup}","mode":"beside"}"""),
        [nameof(ExpireBackups)] = ("DELETE", "/backups/{backup}", """{"reason":"Nobody needs it.","force":true}"""),
        [nameof(ExportTenant)] = ("POST", "/tenants/{slug}/export", """{"dataTypes":["users"]}"""),
        [nameof(VerifyTenant)] = ("POST", "/tenants/{slug}/verify", "{}"),
        [nameof(RotateCredentials)] = ("POST", "/tenants/{slug}/rotate-credentials", """{"what":["tenantKey"]}"""),
        [nameof(LinkDomains)] = ("DELETE", "/tenants/{slug}/domains/{slug}.example", ""),
        [nameof(DeprovisionTenant)] = ("POST", "/tenants/{slug}/deprovision", """{"confirm":"{slug}"}"""),
        [nameof(CancelDeprovisioning)] = ("POST", "/tenants/{slug}/deprovision/cancel", "{}"),
    };

    /// <summary>Commands that only the system sends about a tenant, or that wait for another one.</summary>
    protected static IReadOnlyList<string> OfTheSystem { get; } =
        [nameof(RemoveTenant), nameof(RemoveCopy), nameof(RemoveRestored), nameof(RemoveExport), nameof(DrillBackup), nameof(CopyBackup), nameof(DestroyBackups), nameof(ExpireRegistryBackups), nameof(RemoveQuarantined), nameof(UpgradePlace), nameof(RehearseUpgrade)];

    /// <summary>Commands of people that make a tenant or belong to none.</summary>
    protected static IReadOnlyList<string> OfNoTenant { get; } = [nameof(ProvisionTenant), nameof(AdoptTenant), nameof(BackUpRegistry), nameof(RotateMasterKey), nameof(ScanDrift), nameof(RepairDrift), nameof(ReleaseQuarantined)];

    private static int tenants;

    /// <summary>An active tenant that commands fit: it was moved, and has a domain and a backup.</summary>
    /// <param name="state">SQL that changes it, with <c>{slug}</c>.</param>
    /// <param name="leaving">Whether it is being deprovisioned.</param>
    protected async Task<string> TenantAsync(string state = "", bool leaving = false)
    {
        var slug = FormattableString.Invariant($"acme-{Interlocked.Increment(ref tenants)}");
        if (await Server.QueryAsync<long>("select count(*) from processes where program = 'test'") == 0)
            await Seed.ProcessAsync(Server.Registry);
        var body = ApiServer.Body(slug);
        body["plan"] = "premium";
        using var response = await Server.PostAsync(body);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync(
            $"""
            update processes set orchestrates = true, engine_level = 1000 where program = 'test';
            insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('main', 'eu', '127.0.0.1', 5432, 1000, 1000) on conflict (name) do nothing;
            update tenants set status = 'active', tier = 'schema' where slug = '{slug}';
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state)
            select gen_random_uuid(), id, 3, 'main', 'saga_schemas_1', 't_' || slug, 'schema', 't_' || slug, 't_' || slug || '_owner', 'current' from tenants where slug = '{slug}';
            insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, state, kept_until, kept_by)
            select t.id, t.id, 1, 'main', 'saga_rows', 'product', 'row', 'f_' || slug, 'kept', now() + interval '1 hour', o.id from tenants t join operations o on o.tenant_id = t.id where slug = '{slug}';
            insert into plan_changes (operation_id, tenant_id, from_plan, to_plan, settings) select o.id, o.tenant_id, 'basic', 'premium', '[]' from operations o join tenants t on t.id = o.tenant_id where slug = '{slug}';
            insert into tenant_domains (tenant_id, domain, token, state) select id, slug || '.example', slug, 'pending' from tenants where slug = '{slug}';
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at, snapshot_at, ended_at, bytes, schema_version, manifest, manifest_file, manifest_sha256)
            select t.id, t.id, o.id, 'completed', 'ada', false, 'schema', now(), now(), now(), 4711, 3, '[]', 'f', '\x0a0b' from tenants t join operations o on o.tenant_id = t.id where slug = '{slug}';
            """);
        await EndAsync(slug);
        if (leaving)
        {
            await AcceptedAsync(nameof(DeprovisionTenant), slug);
            await EndAsync(slug);
        }

        if (state.Length > 0)
            await Server.ExecuteAsync(state.Replace("{slug}", slug, StringComparison.Ordinal));
        return slug;
    }

    /// <summary>A tenant that the command fits.</summary>
    protected Task<string> TenantOfAsync(string command) => TenantAsync(
        "insert into holds (tenant_id, code, effect, actor, reason) select id, 'limitExceeded', 'noGrowth', 'rules', 'Full.' from tenants where slug = '{slug}'",
        leaving: command == nameof(CancelDeprovisioning));

    protected async Task<string> AcceptedAsync(string command, string tenant)
    {
        using var response = await SendAsync(command, tenant);
        ((int)response.StatusCode).ShouldBe(202, $"{command}: {await response.Content.ReadAsStringAsync()}");
        return response.Headers.Location!.ToString();
    }

    /// <param name="command">One of <see cref="Posted"/>.</param>
    /// <param name="tenant">The tenant's slug.</param>
    /// <param name="query">The query of the address.</param>
    /// <param name="change">Changes the body.</param>
    protected async Task<HttpResponseMessage> SendAsync(string command, string tenant, string query = "", Func<string, string>? change = null)
    {
        var (method, path, body) = Posted[command];
        using var shown = await ReadAsync($"/api/v1/tenants/{tenant}");
        var id = (await ApiServer.JsonAsync(shown)).GetProperty("id").GetString()!;
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1" + Filled(path) + query);
        if (body.Length > 0)
            request.Content = new StringContent(Filled(change is null ? body : change(body)), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        if (method == "PATCH")
            request.Headers.IfMatch.Add(shown.Headers.ETag.ShouldNotBeNull());
        return await Server.Admin.SendAsync(request);

        // The backup has its tenant's id.
        string Filled(string text) => text.Replace("{slug}", tenant, StringComparison.Ordinal).Replace("{backup}", id, StringComparison.Ordinal).Replace("{new}", Guid.NewGuid().ToString(), StringComparison.Ordinal);
    }

    private Task EndAsync(string slug) => Server.ExecuteAsync(
        $"""
        update operations set state = 'completed', finished_at = now() where tenant_id = (select id from tenants where slug = '{slug}');
        delete from operation_scopes where operation_id in (select o.id from operations o join tenants t on t.id = o.tenant_id where slug = '{slug}');
        """);
}
