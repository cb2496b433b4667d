using System.Net.Http.Json;
using System.Text.Json;
using Saga.Tests.Integration.Api;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.CustomSteps;

/// <summary>Over HTTP, with the rights of the Api's login.</summary>
public sealed class When_custom_steps_are_put : ApiTest
{
    private const string Step = """{"name":"acme.account.open","workflow":"provision","worker":"acme-accounts","after":["organization.create"],"before":["tenant.verify"]}""";

    [Fact]
    public async Task Should_be_kept_in_versions_with_who_put_them()
    {
        (await Server.GetAsync("/api/v1/custom-steps")).GetRawText().ShouldBe("""{"version":0,"steps":[],"workflows":[]}""");

        using var first = await PutAsync(0, $"[{Step}]");
        ((int)first.StatusCode).ShouldBe(200, await first.Content.ReadAsStringAsync());
        using var second = await PutAsync(1, "[]");

        (await ApiServer.JsonAsync(second)).GetProperty("version").GetInt32().ShouldBe(2);
        var kept = await Server.GetAsync("/api/v1/custom-steps/1");
        (kept.GetProperty("version").GetInt32(), kept.GetProperty("setBy").GetString(), kept.GetProperty("reason").GetString()).ShouldBe((1, "ada", "The CRM."));
        kept.GetProperty("steps")[0].GetProperty("name").GetString().ShouldBe("acme.account.open");
        var workflows = kept.GetProperty("workflows").EnumerateArray().ToList();
        workflows.Select(w => w.GetProperty("kind").GetString()).ShouldBe(["provision", "provision"], "of a tenant without a read replica, and of one with it");
        foreach (var workflow in workflows)
        {
            var step = workflow.GetProperty("steps").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "acme.account.open");
            (step.GetProperty("worker").GetString(), step.GetProperty("kind").GetString(), step.GetProperty("after")[0].GetString()).ShouldBe(("acme-accounts", "compensatable", "organization.create"));
        }

        (await Server.QueryAsync<string>("select string_agg(actor || ' ' || (detail ->> 'version') || ' ' || jsonb_array_length(detail -> 'steps'), ', ' order by at) from audit where action = 'customSteps.set'")).ShouldBe("ada 1 1, ada 2 0");
        (await Server.QueryAsync<string>("select concat_ws(' ', before, after) from audit where before is not null")).ShouldBe("""{"version": 1} {"version": 2}""");
        using var unknown = await ReadAsync("/api/v1/custom-steps/3");
        await ProblemAsync(unknown, 404, "custom-steps-not-found");
    }

    [Fact]
    public async Task Should_not_be_put_over_a_version_that_the_caller_has_not_seen()
    {
        using var first = await PutAsync(0, $"[{Step}]");
        using var again = await PutAsync(0, $"[{Step}]");
        using var stale = await PutAsync(0, "[]");
        using var early = await PutAsync(7, "[]");

        (await ApiServer.JsonAsync(again)).GetProperty("version").GetInt32().ShouldBe(1, "the answer may have been lost");
        (await ProblemAsync(stale, 409, "custom-steps-changed")).GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("must be 1");
        await ProblemAsync(early, 409, "custom-steps-changed");
        (await Server.QueryAsync<long>("select count(*) from custom_steps")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_have_one_winner_when_two_are_put_at_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync(0, $"[{Step.Replace("acme.account.open", $"acme.account.open{i}", StringComparison.Ordinal)}]")));

        answers.Count(a => (int)a.StatusCode == 200).ShouldBe(1);
        answers.Count(a => (int)a.StatusCode == 409).ShouldBe(7);
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'customSteps.set'")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_shown_and_not_put_by_a_dry_run()
    {
        using var dry = await PutAsync(0, $"[{Step}]", query: "?dryRun=true");
        using var wrong = await PutAsync(0, $"[{Step.Replace("\"after\":[\"organization.create\"]", "\"after\":[\"tenant.verify\"]", StringComparison.Ordinal)}]", query: "?dryRun=true");
        using var stale = await PutAsync(1, $"[{Step}]", query: "?dryRun=true");

        (await ApiServer.JsonAsync(dry)).GetProperty("workflows").GetArrayLength().ShouldBe(2);
        (await ProblemAsync(wrong, 422, "validation")).GetProperty("errors")[0].GetProperty("detail").GetString().ShouldBe("acme.account.open → tenant.verify → acme.account.open is a cycle");
        await ProblemAsync(stale, 409, "custom-steps-changed");
        (await Server.QueryAsync<long>("select count(*) from custom_steps")).ShouldBe(0);
        (await Server.QueryAsync<long>("select count(*) from audit")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_put_by_platform_admins_only()
    {
        using var viewer = await PutAsync(0, "[]", client: Server.Viewer);
        using var read = await ReadAsync("/api/v1/custom-steps");

        await ProblemAsync(viewer, 403, "forbidden");
        ((int)read.StatusCode).ShouldBe(200);
    }

    private async Task<HttpResponseMessage> PutAsync(int basedOn, string steps, string query = "", HttpClient? client = null)
    {
        using var content = JsonContent.Create(new { basedOn, steps = JsonElement.Parse(steps), reason = "The CRM." });
        return await (client ?? Server.Admin).PutAsync(new Uri("/api/v1/custom-steps" + query, UriKind.Relative), content);
    }
}
