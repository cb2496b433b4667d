using System.Net.Http.Json;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_tenant_is_deprovisioned : ApiTest
{
    [Theory]
    [InlineData("DELETE", "acme")]
    [InlineData("POST", "acme/deprovision")]
    public async Task Should_be_shown_as_suspended_with_the_date_of_the_removal_at_once(string method, string path)
    {
        await ActiveAsync();

        using var response = await SendAsync(method, path, new { confirm = "acme", backup = false, graceDays = 7 });

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        var operation = await ApiServer.JsonAsync(response);
        operation.GetProperty("kind").GetString().ShouldBe("deprovision");
        var tenant = await Server.GetAsync("/api/v1/tenants/acme");
        tenant.GetProperty("status").GetString().ShouldBe("suspended");
        tenant.GetProperty("holds").EnumerateArray().Single().GetProperty("code").GetString().ShouldBe("deletion");
        var deletion = tenant.GetProperty("deletion");
        (deletion.GetProperty("deleteAt").GetDateTimeOffset() - deletion.GetProperty("requestedAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromDays(7));
        (deletion.GetProperty("pending").GetBoolean(), deletion.GetProperty("backup").GetBoolean(), deletion.TryGetProperty("finalAt", out _)).ShouldBe((true, false, false));
        var scheduled = await Server.GetAsync(deletion.GetProperty("scheduled").GetString()!);
        (scheduled.GetProperty("kind").GetString(), scheduled.GetProperty("state").GetString()).ShouldBe(("remove", "scheduled"));
        scheduled.GetProperty("runAt").GetDateTimeOffset().ShouldBe(deletion.GetProperty("deleteAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task Should_be_refused_in_words_with_the_field()
    {
        await ActiveAsync();

        using var wrong = await SendAsync("DELETE", "acme", new { confirm = "acne", backup = false });
        using var hasty = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = false, graceDays = 0 });
        using var unknown = await SendAsync("DELETE", "nobody", new { confirm = "nobody", backup = false });
        using var field = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = "no", when = 1 });
        using var none = await SendAsync("POST", "acme/deprovision/cancel", new { });
        using var accepted = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = false });
        using var again = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = false });

        Pointers(await ProblemAsync(wrong, 422, "validation")).ShouldBe("/confirm");
        Pointers(await ProblemAsync(hasty, 422, "validation")).ShouldBe("/confirmNoGrace");
        await ProblemAsync(unknown, 404, "tenant-not-found");
        Pointers(await ProblemAsync(field, 422, "validation")).ShouldBe("/backup /when");
        await ProblemAsync(none, 409, "not-deprovisioning");
        ((int)accepted.StatusCode).ShouldBe(202);
        await ProblemAsync(again, 409, "already-deprovisioning");
    }

    [Fact]
    public async Task Should_be_taken_back()
    {
        await ActiveAsync();
        using var accepted = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = false });

        using var response = await SendAsync("POST", "acme/deprovision/cancel", new { reason = "They stay." });

        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        (await ApiServer.JsonAsync(response)).GetProperty("kind").GetString().ShouldBe("cancelDeprovision");
        (await Server.GetAsync("/api/v1/tenants/acme")).TryGetProperty("deletion", out _).ShouldBeFalse();
        (await Server.QueryAsync<string>("select state from scheduled_commands")).ShouldBe("cancelled");
    }

    [Fact]
    public async Task Should_answer_a_repeated_request_with_the_same_operation()
    {
        await ActiveAsync();

        using var first = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = false }, key: "key-1");
        using var second = await SendAsync("DELETE", "acme", new { confirm = "acme", backup = false }, key: "key-1");

        (await ApiServer.JsonAsync(second)).GetProperty("id").GetGuid().ShouldBe((await ApiServer.JsonAsync(first)).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Should_obey_administrators_only()
    {
        await ActiveAsync();

        using var response = await Server.Viewer.SendAsync(Request("DELETE", "acme", new { confirm = "acme", backup = false }));

        await ProblemAsync(response, 403, "forbidden");
    }

    [Fact]
    public async Task Should_say_in_a_dry_run_what_would_be_removed_and_write_nothing()
    {
        await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await SendAsync("DELETE", "acme?dryRun=true", new { confirm = "acme", backup = false });

        var plan = await ApiServer.JsonAsync(response);
        Steps(plan, "steps").ShouldBe(["deprovisioning.announce", "place.close", "login.bar", "organization.disable", "cache.disable"]);
        Steps(plan, "removalSteps").ShouldBe(["removal.begin", "organization.remove", "database.remove", "storage.remove", "cache.remove", "tenant.certify"]);
        using var careful = await SendAsync("DELETE", "acme?dryRun=true", new { confirm = "acme" });
        Steps(await ApiServer.JsonAsync(careful), "removalSteps").Take(6).ShouldBe(["backup.begin", "backup.rows", "backup.settings", "backup.objects", "backup.complete", "removal.begin"]);
        plan.GetProperty("graceDays").GetInt32().ShouldBe(30);
        plan.GetProperty("changes").EnumerateArray().ShouldContain(c => c.GetString()!.Contains("30 days", StringComparison.Ordinal));
        plan.TryGetProperty("refusal", out _).ShouldBeFalse();
        (await RowsAsync()).ShouldBe(rows);
        (await Server.QueryAsync<long>("select (select count(*) from holds) + (select count(*) from scheduled_commands)")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_show_the_certificate_as_it_was_written()
    {
        var id = await ActiveAsync();
        using var missing = await ReadAsync("/api/v1/tenants/acme/certificate");
        await ProblemAsync(missing, 404, "certificate-not-found");
        const string document = "{\"version\":1,\"name\":\"A\\u00e9\"}";
        var digest = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(document)));
        await Server.ExecuteAsync(
            $"update tenants set status = 'deprovisioned'; insert into deletion_certificates (operation_id, tenant_id, document, sha256) select id, tenant_id, '{document}', '{digest}' from operations");

        using var response = await ReadAsync($"/api/v1/tenants/{id}/certificate");

        ((int)response.StatusCode).ShouldBe(200);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        (await response.Content.ReadAsStringAsync()).ShouldBe(document);
        response.Headers.GetValues("Repr-Digest").Single().ShouldBe($"sha-256=:{Convert.ToBase64String(Convert.FromHexString(digest))}:");
    }

    private static IEnumerable<string?> Steps(JsonElement plan, string member) => plan.GetProperty(member).EnumerateArray().Select(s => s.GetProperty("name").GetString());

    private async Task<Guid> ActiveAsync()
    {
        var operation = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync(
            $"""
            update operations set state = 'completed', finished_at = now() where id = '{operation}';
            delete from operation_scopes;
            update tenants set status = 'active';
            """);
        return await Server.QueryAsync<Guid>("select id from tenants");
    }

    private static HttpRequestMessage Request(string method, string path, object body) => new(new HttpMethod(method), $"/api/v1/tenants/{path}") { Content = JsonContent.Create(body) };

    private async Task<HttpResponseMessage> SendAsync(string method, string path, object body, string? key = null)
    {
        using var request = Request(method, path, body);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await Server.Admin.SendAsync(request);
    }
}
