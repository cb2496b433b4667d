using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>Every two commands that people post about a tenant in use, while nothing runs the first one.</summary>
public sealed class When_two_commands_are_posted(SharedApi shared) : ApiTest(shared), IClassFixture<SharedApi>
{
    private const string Unpaid = "The bill is not paid.";
    private const string Leaving = "everything is removed at";

    private static readonly Dictionary<string, (string Method, string Path, string Body)> Posted = new(StringComparer.Ordinal)
    {
        [nameof(UpdateTenant)] = ("PATCH", "", """{"description":"{new}"}"""),
        [nameof(SetConfig)] = ("POST", "/config", """{"configKey":"file_upload.max_size","configValue":5}"""),
        [nameof(SuspendTenant)] = ("POST", "/suspend", $$"""{"reason":"{{Unpaid}}","code":"nonPayment"}"""),
        [nameof(ReactivateTenant)] = ("POST", "/reactivate", "{}"),
        [nameof(MigrateTenant)] = ("POST", "/migrate", """{"targetPlan":"custom"}"""),
        [nameof(RevertMove)] = ("POST", "/migrate/revert", "{}"),
        [nameof(BackupTenant)] = ("POST", "/backup", "{}"),
        [nameof(RestoreTenant)] = ("POST", "/restore", """{"backupId":"{backup}","mode":"beside"}"""),
        [nameof(ExportTenant)] = ("POST", "/export", """{"dataTypes":["users"]}"""),
        [nameof(VerifyTenant)] = ("POST", "/verify", "{}"),
        [nameof(RotateCredentials)] = ("POST", "/rotate-credentials", """{"what":["tenantKey"]}"""),
        [nameof(DeprovisionTenant)] = ("POST", "/deprovision", """{"confirm":"{slug}"}"""),
        [nameof(CancelDeprovisioning)] = ("POST", "/deprovision/cancel", "{}"),
    };

    // They make a tenant, belong to none, or are sent by the system and wait for their turn.
    private static readonly string[] Others =
    [
        nameof(ProvisionTenant), nameof(AdoptTenant),
        nameof(BackUpRegistry), nameof(ExpireRegistryBackups), nameof(RotateMasterKey),
        nameof(RemoveTenant), nameof(RemoveCopy), nameof(RemoveRestored), nameof(RemoveExport), nameof(LinkDomains),
        nameof(DrillBackup), nameof(CopyBackup), nameof(ExpireBackups), nameof(DestroyBackups),
    ];

    public static TheoryData<string> Commands => [.. Posted.Keys];

    private static int tenants;

    [Fact]
    public void Should_be_tried_with_every_command_of_the_catalogue() =>
        Server.App.Services.GetRequiredService<CommandCatalogue>().Entries.Select(e => e.Command.Name).ShouldBe([.. Posted.Keys, .. Others], ignoreOrder: true);

    [Theory, MemberData(nameof(Commands))]
    public async Task Should_refuse_the_second_and_name_what_is_in_the_way(string first)
    {
        var tenant = await ActiveAsync(first);
        var operation = await AcceptedAsync(first, tenant);
        var before = await RowsAsync();
        string[] refused = [.. Posted.Keys.Where(second => !IsTaken(first, second))];

        var answers = new List<string>();
        foreach (var second in refused)
        {
            using var response = await SendAsync(second, tenant);
            answers.Add($"{second} {await SeenAsync(response, operation)}");
        }

        answers.ShouldBe(refused.Select(second => $"{second} {Refusal(first, second)}"));
        (await RowsAsync()).ShouldBe(before);
    }

    [Theory, MemberData(nameof(Commands))]
    public async Task Should_take_a_suspension_and_a_deprovisioning_whatever_is_in_the_way(string first)
    {
        foreach (var second in Posted.Keys.Where(second => IsTaken(first, second)))
        {
            var tenant = await ActiveAsync(first);
            var operation = await AcceptedAsync(first, tenant);

            using var response = await SendAsync(second, tenant);

            ((int)response.StatusCode).ShouldBe(202, second + await response.Content.ReadAsStringAsync());
            (await ApiServer.JsonAsync(response)).GetProperty("waitsFor").GetProperty("operation").GetString().ShouldBe(operation, second);
            var hold = second == nameof(SuspendTenant) ? "nonPayment" : "deletion";
            (await Server.QueryAsync<long>($"select count(*) from holds h join tenants t on t.id = h.tenant_id where slug = '{tenant}' and code = '{hold}' and effect = 'closed'"))
                .ShouldBe(1, $"{second} sets it at once, and only an operation lifts it");
            (await Server.QueryAsync<bool>($"select exists (select from audit where action = 'operation.cancel' and '{operation}' like '%' || operation_id)"))
                .ShouldBe(second != nameof(CancelDeprovisioning) && first is not (nameof(SuspendTenant) or nameof(DeprovisionTenant)), $"{second} cancels what may be cancelled");
        }
    }

    private static bool IsTaken(string first, string second) => second switch
    {
        nameof(SuspendTenant) or nameof(DeprovisionTenant) => second != first,
        nameof(CancelDeprovisioning) => IsLeaving(first),
        _ => false,
    };

    private static string Refusal(string first, string second) => (first, second) switch
    {
        (_, nameof(CancelDeprovisioning)) => "409 not-deprovisioning",
        (nameof(SuspendTenant), nameof(SuspendTenant)) => "409 already-suspended hold",
        (nameof(DeprovisionTenant), nameof(DeprovisionTenant)) => "409 already-deprovisioning hold operation",
        // These would have to sign in.
        (nameof(SuspendTenant), nameof(MigrateTenant) or nameof(RevertMove) or nameof(ExportTenant) or nameof(VerifyTenant) or nameof(RotateCredentials)) => "409 tenant-state hold",
        (_, not (nameof(ReactivateTenant) or nameof(RestoreTenant))) when IsLeaving(first) => "409 tenant-state hold",
        _ => "409 operation-active operation",
    };

    private static bool IsLeaving(string first) => first is nameof(DeprovisionTenant) or nameof(CancelDeprovisioning);

    // The status, the code, and whether the detail names the hold and the problem the operation.
    private static async Task<string> SeenAsync(HttpResponseMessage response, string operation)
    {
        if ((int)response.StatusCode != 409)
            return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
        var problem = await ApiServer.JsonAsync(response);
        var detail = problem.GetProperty("detail").GetString()!;
        var seen = "409 " + problem.GetProperty("type").GetString()!.Split(':')[^1];
        if (detail.Contains(Unpaid, StringComparison.Ordinal) || detail.Contains(Leaving, StringComparison.Ordinal))
            seen += " hold";
        return problem.TryGetProperty("operation", out var named) && named.GetString() == operation ? seen + " operation" : seen;
    }

    // A tenant that every command fits: it was moved, has a backup, and may not grow.
    private async Task<string> ActiveAsync(string first)
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
            insert into holds (tenant_id, code, effect, actor, reason) select id, 'limitExceeded', 'noGrowth', 'rules', 'Full.' from tenants where slug = '{slug}';
            insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at, snapshot_at, ended_at, bytes, schema_version, manifest, manifest_file, manifest_sha256)
            select t.id, t.id, o.id, 'completed', 'ada', false, 'schema', now(), now(), now(), 4711, 3, '[]', 'f', '\x0a0b' from tenants t join operations o on o.tenant_id = t.id where slug = '{slug}';
            """);
        await EndAsync(slug);
        if (first == nameof(CancelDeprovisioning))
        {
            await AcceptedAsync(nameof(DeprovisionTenant), slug);
            await EndAsync(slug);
        }

        return slug;
    }

    private Task EndAsync(string slug) => Server.ExecuteAsync(
        $"""
        update operations set state = 'completed', finished_at = now() where tenant_id = (select id from tenants where slug = '{slug}');
        delete from operation_scopes where operation_id in (select o.id from operations o join tenants t on t.id = o.tenant_id where slug = '{slug}');
        """);

    private async Task<string> AcceptedAsync(string command, string tenant)
    {
        using var response = await SendAsync(command, tenant);
        ((int)response.StatusCode).ShouldBe(202, $"{command}: {await response.Content.ReadAsStringAsync()}");
        return response.Headers.Location!.ToString();
    }

    private async Task<HttpResponseMessage> SendAsync(string command, string tenant)
    {
        var (method, path, body) = Posted[command];
        using var shown = await ReadAsync($"/api/v1/tenants/{tenant}");
        // The backup has its tenant's id.
        body = body.Replace("{slug}", tenant, StringComparison.Ordinal).Replace("{backup}", (await ApiServer.JsonAsync(shown)).GetProperty("id").GetString(), StringComparison.Ordinal)
            .Replace("{new}", Guid.NewGuid().ToString(), StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"/api/v1/tenants/{tenant}{path}") { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        if (method == "PATCH")
            request.Headers.IfMatch.Add(shown.Headers.ETag.ShouldNotBeNull());
        return await Server.Admin.SendAsync(request);
    }
}
