using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Saga.Contracts.Commands;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>What the dry run of every command that people send says in words. <see cref="When_two_commands_are_posted"/> compares the commands with the catalogue.</summary>
public sealed class When_a_dry_run_is_read(SharedApi shared) : CommandTest(shared), IClassFixture<SharedApi>
{
    private const string Finding = "0198f6a0-0000-7000-8000-000000000000";

    private static readonly Dictionary<string, (string Path, string Body)> Others = new(StringComparer.Ordinal)
    {
        [nameof(ProvisionTenant)] = ("/tenants", """{"name":"Bolt","slug":"bolt","plan":"enterprise","adminEmail":"ada@bolt.com"}"""),
        [nameof(AdoptTenant)] = ("/tenants/adopt", """{"name":"Coil","slug":"coil","plan":"enterprise","adminEmail":"ada@coil.com","server":"main","database":"shop","isolation":"database","schema":"public"}"""),
        [nameof(BackUpRegistry)] = ("/fleet/registry/backups", "{}"),
        [nameof(RotateMasterKey)] = ("/fleet/rotate-master-key", """{"masterKeyId":"k2"}"""),
        [nameof(ScanDrift)] = ("/drift/scans", """{"all":true}"""),
        [nameof(RepairDrift)] = ("/drift/repairs", $$"""{"items":["{{Finding}}"],"reason":"Somebody has changed it."}"""),
        [nameof(ReleaseQuarantined)] = ($"/drift/quarantine/{Finding}/release", """{"reason":"Somebody needs it."}"""),
    };

    public static TheoryData<string> Commands => [.. Posted.Keys];

    [Theory, MemberData(nameof(Commands))]
    public async Task Should_say_in_words_what_would_happen_to_a_tenant(string command)
    {
        var tenant = await TenantOfAsync(command);
        var rows = await RowsAsync();

        using var response = await SendAsync(command, tenant, "?dryRun=true");

        await ShouldSayAsync(command, response);
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_say_in_words_what_would_happen_otherwise()
    {
        Others.Keys.ShouldBe(OfNoTenant, ignoreOrder: true);
        await TenantAsync();
        await Server.ExecuteAsync(
            $$"""
            update processes set master_key_ids = '{k2}', active_master_key_id = 'k2';
            insert into drift_findings (id, resource, kind, name, differences, first_seen_at, last_seen_at, first_scan, last_scan)
            values ('{{Finding}}', 'organization', 'different', 'acme', '[{"fact":"enabled","expected":"yes","found":"no"}]', now(), now(), gen_random_uuid(), gen_random_uuid());
            insert into drift_quarantine (id, finding_id, operation_id, resource, name, renamed, reason, was, state, begun_at)
            values ('{{Finding}}', '{{Finding}}', gen_random_uuid(), 'organization', 'coil', 'coil', 'Nobody knows it.', '{}', 'quarantined', now());
            """);
        var rows = await RowsAsync();

        foreach (var (command, (path, body)) in Others)
        {
            using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            using var response = await Server.Admin.PostAsync(new Uri($"/api/v1{path}?dryRun=true", UriKind.Relative), content);
            await ShouldSayAsync(command, response);
        }

        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_say_what_the_command_asks_for()
    {
        var tenant = await TenantAsync();

        (await ChangesAsync(nameof(SuspendTenant), tenant))[0].ShouldBe("The hold 'nonPayment' stands as soon as the command is accepted, whatever else runs: nobody can use the tenant any more.");
        (await ChangesAsync(nameof(SuspendTenant), tenant, b => b.Replace("nonPayment", "limitExceeded", StringComparison.Ordinal))).ShouldBe([
            "The hold 'limitExceeded' stands as soon as the command is accepted, whatever else runs: nothing may be added to the tenant. Reading, deleting, exporting and migrating stay possible.",
            "Nothing outside is closed, and operations that run go on."]);
        (await ChangesAsync(nameof(SetConfig), tenant)).ShouldBe(["'file_upload.max_size' becomes 5 for this tenant, whatever its plan says."]);
        (await ChangesAsync(nameof(ExportTenant), tenant, _ => """{"dataTypes":["documents","users"],"format":"csv","userId":"u1"}"""))[0]
            .ShouldBe("What belongs to the user 'u1' in users, documents is written to one zip file as csv, with a note on the schema and checksums.");
        (await ChangesAsync(nameof(BackupTenant), tenant, _ => """{"includeObjects":true}""")).ShouldContain("The list of its objects and their contents are part of it.");
        (await ChangesAsync(nameof(ExpireBackups), tenant)).ShouldContain(w => w.EndsWith("is the tenant's last good backup.", StringComparison.Ordinal));
        (await ChangesAsync(nameof(RotateCredentials), tenant, _ => """{"what":["backupKey"]}""")).ShouldBe([
            "The keys of all its backups are wrapped with a new version of its backup key, and the former version is removed. The backups stay restorable."]);
        (await ChangesAsync(nameof(ReactivateTenant), tenant)).ShouldBeEmpty("nothing would be lifted");
    }

    [Fact]
    public async Task Should_name_the_holds_that_would_be_lifted_and_those_that_stay()
    {
        var open = await TenantAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It mines coins.' from tenants where slug = '{slug}'");
        var leaving = await TenantAsync("insert into holds (tenant_id, code, effect, actor, reason) select id, 'abuse', 'closed', 'ada', 'It mines coins.' from tenants where slug = '{slug}'", leaving: true);

        (await ChangesAsync(nameof(ReactivateTenant), open)).ShouldBe([
            "The tenant's place, logins, organisation and cache user are opened as they were, and verified while the tenant is still closed to everybody.",
            "Then the hold 'abuse' is lifted. If anything fails before, all of it is closed again."]);
        (await ChangesAsync(nameof(ReactivateTenant), leaving)).ShouldBe(["The hold 'abuse' is lifted. Nothing outside is opened.", "The tenant keeps the hold 'deletion'."]);
        (await ChangesAsync(nameof(CancelDeprovisioning), leaving)).ShouldBe([
            "The removal is cancelled as soon as the command is accepted: nothing of the tenant is removed, whatever happens then.",
            "The hold 'deletion' is lifted. Nothing outside is opened.", "The tenant keeps the hold 'abuse'."]);
    }

    private async Task<IReadOnlyList<string>> ChangesAsync(string command, string tenant, Func<string, string>? change = null)
    {
        using var response = await SendAsync(command, tenant, "?dryRun=true", change);
        ((int)response.StatusCode).ShouldBe(200, $"{command}: {await response.Content.ReadAsStringAsync()}");
        return Changes(await ApiServer.JsonAsync(response));
    }

    private static async Task ShouldSayAsync(string command, HttpResponseMessage response)
    {
        ((int)response.StatusCode).ShouldBe(200, $"{command}: {await response.Content.ReadAsStringAsync()}");
        var preview = await ApiServer.JsonAsync(response);
        preview.TryGetProperty("refusal", out var refusal).ShouldBeFalse($"{command}: {refusal}");
        var changes = Changes(preview);
        changes.ShouldNotBeEmpty(command);
        changes.ShouldAllBe(sentence => sentence.EndsWith('.'), command);
    }

    private static List<string> Changes(JsonElement preview) => [.. preview.GetProperty("changes").EnumerateArray().Select(c => c.GetString()!)];
}
