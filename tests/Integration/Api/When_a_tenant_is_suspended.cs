using System.Net.Http.Json;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_tenant_is_suspended : ApiTest
{
    [Fact]
    public async Task Should_be_shown_as_suspended_with_the_reason_at_once()
    {
        await ActiveAsync();

        using var response = await PostAsync("acme/suspend", new { reason = "The invoice is overdue.", code = "nonPayment" });

        ((int)response.StatusCode).ShouldBe(202);
        var operation = await ApiServer.JsonAsync(response);
        operation.GetProperty("kind").GetString().ShouldBe("suspend");
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/operations/{operation.GetProperty("id").GetString()}");
        var tenant = await Server.GetAsync("/api/v1/tenants/acme");
        tenant.GetProperty("status").GetString().ShouldBe("suspended");
        var hold = tenant.GetProperty("holds").EnumerateArray().Single();
        (hold.GetProperty("code").GetString(), hold.GetProperty("effect").GetString(), hold.GetProperty("reason").GetString()).ShouldBe(("nonPayment", "closed", "The invoice is overdue."));
    }

    [Fact]
    public async Task Should_be_found_by_its_id_too_and_answer_a_repeated_request_with_the_same_operation()
    {
        var id = await ActiveAsync();

        using var first = await PostAsync($"{id}/suspend", new { reason = "Abuse." }, key: "key-1");
        using var second = await PostAsync($"{id}/suspend", new { reason = "Abuse." }, key: "key-1");

        (await ApiServer.JsonAsync(second)).GetProperty("id").GetGuid().ShouldBe((await ApiServer.JsonAsync(first)).GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Should_be_refused_in_words_with_the_field()
    {
        await ActiveAsync();
        using var accepted = await PostAsync("acme/suspend", new { reason = "Abuse.", code = "abuse" });

        using var again = await PostAsync("acme/suspend", new { reason = "Abuse.", code = "abuse" });
        using var unknown = await PostAsync("nobody/suspend", new { reason = "Abuse." });
        using var broken = await PostAsync("acme/suspend", new { code = "deletion", tenantId = Guid.NewGuid() });
        using var other = await PostAsync("acme/reactivate", new { codes = new[] { "request" } });

        Pointers(await ProblemAsync(again, 409, "already-suspended")).ShouldBe("/code");
        await ProblemAsync(unknown, 404, "tenant-not-found");
        Pointers(await ProblemAsync(broken, 422, "validation")).ShouldBe("/tenantId");
        Pointers(await ProblemAsync(other, 409, "not-suspended")).ShouldBe("/codes");
    }

    [Fact]
    public async Task Should_obey_administrators_only()
    {
        await ActiveAsync();

        using var suspend = await Server.Viewer.PostAsJsonAsync(new Uri("/api/v1/tenants/acme/suspend", UriKind.Relative), new { reason = "Abuse." });
        using var reactivate = await Server.Viewer.PostAsJsonAsync(new Uri("/api/v1/tenants/acme/reactivate", UriKind.Relative), new { });

        await ProblemAsync(suspend, 403, "forbidden");
        await ProblemAsync(reactivate, 403, "forbidden");
    }

    [Fact]
    public async Task Should_say_in_a_dry_run_what_would_run_and_write_nothing()
    {
        await ActiveAsync();
        var rows = await RowsAsync();

        using var response = await PostAsync("acme/suspend?dryRun=true", new { reason = "Abuse." });

        var plan = await ApiServer.JsonAsync(response);
        Steps(plan).ShouldBe(["tenant.suspend", "place.close", "login.bar", "organization.disable", "cache.disable"]);
        (plan.TryGetProperty("refusal", out _), plan.TryGetProperty("waitsFor", out _)).ShouldBe((false, false));
        (await RowsAsync()).ShouldBe(rows);
        (await Server.QueryAsync<long>("select count(*) from holds")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_wait_for_a_provisioning_and_be_accepted_all_the_same()
    {
        var provisioning = await Server.AcceptedAsync("acme");

        using var response = await PostAsync("acme/suspend", new { reason = "Abuse." });

        ((int)response.StatusCode).ShouldBe(202);
        (await ApiServer.JsonAsync(response)).GetProperty("waitsFor").GetProperty("operation").GetString().ShouldBe($"/api/v1/operations/{provisioning}");
    }

    private static IEnumerable<string?> Steps(JsonElement plan) => plan.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString());

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

    private async Task<HttpResponseMessage> PostAsync(string path, object body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/tenants/{path}") { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await Server.Admin.SendAsync(request);
    }
}
