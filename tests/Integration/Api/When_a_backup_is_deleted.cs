using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_backup_is_deleted : ApiTest
{
    private const string Old = "019a0000-0000-7000-8000-000000000001";
    private const string Failed = "019a0000-0000-7000-8000-000000000002";
    private const string Last = "019a0000-0000-7000-8000-000000000003";

    [Fact]
    public async Task Should_answer_with_the_operation_and_audit_the_reason()
    {
        await BackupsAsync();

        using var dry = await DeleteAsync(Old, """{"reason":"It was a test."}""", query: "?dryRun=true");
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'expireBackups'")).ShouldBe(0);
        using var response = await DeleteAsync(Old, """{"reason":" It was a test. "}""", key: "k1");
        using var again = await DeleteAsync(Old, """{"reason":" It was a test. "}""", key: "k1");
        using var busy = await DeleteAsync(Last, """{"reason":"Too.","force":true}""");

        (await ApiServer.JsonAsync(dry)).GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("name").GetString()).ShouldBe(["backups.expire"]);
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        again.Headers.Location.ShouldBe(response.Headers.Location);
        await ProblemAsync(busy, 409, "operation-active");
        (await Server.QueryAsync<string>("select actor || ' ' || (detail ->> 'reason') || ' ' || (detail ->> 'backups') from audit where action = 'backups.expire'")).ShouldBe($"ada It was a test. [\"{Old}\"]");
        // What the step reads.
        (await Server.QueryAsync<string>("select (input ->> 'backups') || ' ' || coalesce(input ->> 'evenLast', 'absent') || ' ' || priority from operations where kind = 'expireBackups'")).ShouldBe($"[\"{Old}\"] absent interactive");
    }

    [Fact]
    public async Task Should_be_refused_for_the_last_good_one_unless_it_is_forced()
    {
        await BackupsAsync();

        using var refused = await DeleteAsync(Last, """{"reason":"Not needed."}""");
        using var forced = await DeleteAsync(Last, """{"reason":"Not needed.","force":true}""");

        var problem = await ProblemAsync(refused, 409, "backup-state");
        problem.GetProperty("detail").GetString()!.ShouldContain("is the last good one of tenant 'acme'");
        Pointers(problem).ShouldBe("/force");
        ((int)forced.StatusCode).ShouldBe(202, await forced.Content.ReadAsStringAsync());
        (await Server.QueryAsync<bool>("select (input ->> 'evenLast')::boolean from operations where kind = 'expireBackups'")).ShouldBeTrue();
    }

    [Theory]
    [InlineData(Old, "{}", 422, "validation", "/reason")]
    [InlineData(Old, """{"reason":" "}""", 422, "validation", "/reason")]
    [InlineData(Old, """{"reason":"Yes.","evenLast":true}""", 422, "validation", "/evenLast")]
    [InlineData(Old, """{"reason":"Yes.","force":"yes"}""", 422, "validation", "/force")]
    [InlineData(Failed, """{"reason":"Yes."}""", 409, "backup-state", "/backups")]
    [InlineData("019a0000-0000-7000-8000-000000000009", """{"reason":"Yes."}""", 404, "backup-not-found", null)]
    [InlineData("mine", """{"reason":"Yes."}""", 404, "backup-not-found", null)]
    public async Task Should_say_what_is_wrong(string id, string body, int status, string code, string? pointer)
    {
        await BackupsAsync();

        using var response = await DeleteAsync(id, body);

        var problem = await ProblemAsync(response, status, code);
        if (pointer is not null)
            Pointers(problem).ShouldBe(pointer);
        (await Server.QueryAsync<long>("select count(*) from operations where kind = 'expireBackups'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_for_those_who_only_read()
    {
        await BackupsAsync();

        using var viewer = await DeleteAsync(Old, """{"reason":"Yes."}""", client: Server.Viewer);

        await ProblemAsync(viewer, 403, "forbidden");
    }

    private async Task BackupsAsync()
    {
        await Saga.Tests.Support.Seed.ProcessAsync(Server.Registry);
        using var response = await Server.PostAsync(ApiServer.Body("acme"));
        ((int)response.StatusCode).ShouldBe(202, await response.Content.ReadAsStringAsync());
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now(); delete from operation_scopes; update tenants set status = 'active'; update processes set engine_level = 3");
        foreach (var (id, state, ago) in new[] { (Old, "completed", 3), (Failed, "failed", 2), (Last, "completed", 1) })
        {
            await Server.ExecuteAsync(
                $"""
                with o as (
                    insert into operations (id, kind, tenant_id, workflow_digest, state, input, requested_by)
                    select gen_random_uuid(), 'backup', tenant_id, workflow_digest, 'completed', '{"{}"}', 'ada' from operations where kind = 'provision' returning id, tenant_id)
                insert into backups (id, tenant_id, operation_id, state, requested_by, include_objects, tier, started_at)
                select '{id}', tenant_id, id, '{state}', 'ada', false, 'row', now() - interval '{ago} hours' from o
                """);
        }
    }

    private async Task<HttpResponseMessage> DeleteAsync(string id, string body, string? key = null, string query = "", HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/backups/{id}{query}") { Content = JsonContent.Create(JsonNode.Parse(body)) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await (client ?? Server.Admin).SendAsync(request);
    }
}
