using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_schedule_of_backups_is_put : ApiTest
{
    private const string Path = "/api/v1/tenants/acme/backup-schedule";

    [Fact]
    public async Task Should_show_the_configurations_until_the_tenant_has_its_own()
    {
        await SeedAsync();

        var before = await Server.GetAsync(Path);
        var put = await PutAsync("""{"cron":"30 4 * * 1","reason":"They work at night."}""");
        var after = await Server.GetAsync(Path);
        var ended = await PutAsync("{}");

        (Text(before, "cron"), Text(before, "from"), Text(before, "timezone")).ShouldBe(("0 2 * * *", "configuration", "Europe/Berlin"));
        before.GetProperty("nextRunAt").GetDateTimeOffset().ShouldBeGreaterThan(DateTimeOffset.UtcNow);
        (Text(put, "cron"), Text(put, "from"), Text(put, "setBy")).ShouldBe(("30 4 * * 1", "tenant", "ada"));
        put.GetProperty("nextRunAt").GetDateTimeOffset().DayOfWeek.ShouldBe(DayOfWeek.Monday);
        after.GetRawText().ShouldBe(put.GetRawText());
        (Text(ended, "cron"), Text(ended, "from")).ShouldBe(("0 2 * * *", "configuration"));
    }

    [Fact]
    public async Task Should_audit_what_changes_and_not_the_same_again()
    {
        await SeedAsync();

        await PutAsync("""{"cron":"none","reason":"A test tenant."}""");
        await PutAsync("""{"cron":"none","reason":"Again."}""");

        (await Server.QueryAsync<string>("select string_agg(actor || ' ' || (detail ->> 'cron') || ' ' || (detail ->> 'reason'), ', ') from audit where action = 'backupSchedule.set'")).ShouldBe("ada none A test tenant.");
        (await Server.GetAsync(Path)).TryGetProperty("nextRunAt", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_keep_what_the_tenant_says_and_else_what_the_configuration_says()
    {
        await SeedAsync();

        var put = await PutAsync("""{"keepDaily":7,"keepWeekly":8,"keepLast":0}""");
        var again = await PutAsync("""{"keepDaily":7,"keepWeekly":8,"keepLast":0}""");

        string.Join(' ', new[] { "keepLast", "keepDaily", "keepWeekly", "keepDays" }.Select(n => put.GetProperty(n).GetInt32())).ShouldBe("0 7 8 30");
        (Text(put, "cron"), Text(put, "from")).ShouldBe(("0 2 * * *", "tenant"));
        again.GetRawText().ShouldBe(put.GetRawText());
        (await Server.QueryAsync<string>("select string_agg(detail ->> 'keep', ', ') from audit where action = 'backupSchedule.set'")).ShouldContain("\"weekly\": 8");
        await PutAsync("""{"keepDaily":9}""");
        (await Server.QueryAsync<string>("select concat_ws(' ', before #>> '{keep,weekly}', coalesce(after #>> '{keep,weekly}', '-'), after #>> '{keep,daily}') from audit where before is not null")).ShouldBe("8 - 9");
    }

    [Fact]
    public async Task Should_write_nothing_in_a_dry_run()
    {
        await SeedAsync();

        var shown = await PutAsync("""{"cron":"0 6 * * *"}""", "?dryRun=true");

        (Text(shown, "cron"), Text(shown, "from")).ShouldBe(("0 6 * * *", "tenant"));
        (await Server.QueryAsync<long>("select (select count(*) from backup_schedules) + (select count(*) from audit where action = 'backupSchedule.set')")).ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"cron":"daily"}""", "/cron")]
    [InlineData("""{"cron":"* * * * *"}""", "/cron")]
    [InlineData("""{"cron":5}""", "/cron")]
    [InlineData("""{"keepDaily":-1}""", "/keepDaily")]
    [InlineData("""{"keepDays":"30"}""", "/keepDays")]
    [InlineData("""{"keepLast":3651,"keepWeekly":0.5}""", "/keepWeekly")]
    [InlineData("""{"keepLast":3651}""", "/keepLast")]
    [InlineData("""{"expression":"0 2 * * *"}""", "/expression")]
    [InlineData("""{"cron":"0 2 * * *","reason":""}""", "/reason")]
    public async Task Should_name_the_field_and_the_fix(string body, string pointer)
    {
        await SeedAsync();

        using var response = await SendAsync(body);

        Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe(pointer);
        (await Server.QueryAsync<long>("select count(*) from backup_schedules")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_refuse_strangers_tenants_that_are_gone_and_viewers()
    {
        await SeedAsync();
        using var viewer = await SendAsync("{}", client: Server.Viewer);
        using var nobody = await Server.Admin.PutAsJsonAsync("/api/v1/tenants/nobody/backup-schedule", new { });
        using var read = await Server.Admin.GetAsync("/api/v1/tenants/nobody/backup-schedule");
        using var query = await SendAsync("{}", "?dry=true");
        await Server.ExecuteAsync("update tenants set status = 'deprovisioned'");
        using var gone = await SendAsync("{}");

        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(nobody, 404, "tenant-not-found");
        await ProblemAsync(read, 404, "tenant-not-found");
        await ProblemAsync(query, 400, "invalid-parameter");
        await ProblemAsync(gone, 409, "tenant-state");
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private Task SeedAsync() => Seed.TenantAsync(Server.Registry, "acme", timezone: "Europe/Berlin", status: TenantStatus.Active);

    private async Task<JsonElement> PutAsync(string body, string query = "")
    {
        using var response = await SendAsync(body, query);
        ((int)response.StatusCode).ShouldBe(200, await response.Content.ReadAsStringAsync());
        return await ApiServer.JsonAsync(response);
    }

    private Task<HttpResponseMessage> SendAsync(string body, string query = "", HttpClient? client = null) =>
        (client ?? Server.Admin).PutAsync(new Uri(Path + query, UriKind.Relative), JsonContent.Create(JsonNode.Parse(body)));
}
