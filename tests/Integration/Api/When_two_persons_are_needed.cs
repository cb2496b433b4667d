using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Saga.Api.Tokens;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Schedule;
using Saga.Registry.Schedule;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>An installation in which a second person must approve deprovisionings, suspensions, migrations and batches of more than one item.</summary>
public sealed class When_two_persons_are_needed : ApiTest
{
    private static readonly object Deprovisioning = new { confirm = "acme", backup = false };

    protected override async Task<ApiServer> StartAsync()
    {
        var server = await ApiServer.StartAsync(settings:
        [
            ("Saga:FourEyes:Commands:0", "deprovision"), ("Saga:FourEyes:Commands:1", "suspend"), ("Saga:FourEyes:Commands:2", "migrate"), ("Saga:FourEyes:BulkOver", "1"),
            ("Saga:FourEyes:ApproveWithinHours", "48"),
        ]);
        await server.ExecuteAsync("update processes set orchestrates = true, engine_level = 3");
        return server;
    }

    [Fact]
    public async Task Should_wait_for_the_second_one_and_then_be_what_both_did()
    {
        await ActiveAsync("acme");

        using var response = await PostAsync("/tenants/acme/deprovision", Deprovisioning);

        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        var address = response.Headers.Location!.ToString();
        var waiting = await Server.GetAsync(address);
        (Text(waiting, "kind"), Text(waiting, "state"), Text(waiting, "requestedBy"), waiting.GetProperty("needsApproval").GetBoolean()).ShouldBe(("deprovision", "scheduled", "ada", true));
        (waiting.GetProperty("expiresAt").GetDateTimeOffset() - waiting.GetProperty("createdAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromHours(48));
        (await Server.QueryAsync<long>("select (select count(*) from holds) + (select count(*) from operations where kind = 'deprovision')")).ShouldBe(0);
        (await TakenAsync()).ShouldBeEmpty("nobody has approved it");
        using var self = await Server.Admin.PostAsJsonAsync(new Uri(address + "/approve", UriKind.Relative), new { reason = "I am sure." });
        await ProblemAsync(self, 409, "scheduled-state");

        using var grace = await Grace().PostAsJsonAsync(new Uri(address + "/approve", UriKind.Relative), new { reason = "Their contract has ended." });
        ((int)grace.StatusCode).ShouldBe(200);
        await RunAsync<DeprovisionTenant>();

        (await Server.QueryAsync<long>("select count(*) from holds where code = 'deletion'")).ShouldBe(1);
        (await Server.QueryAsync<string>(
            "select string_agg(concat_ws(' ', actor, action, detail ->> 'requestedBy', detail ->> 'approvedBy'), ', ' order by id) from audit where action in ('command.schedule', 'schedule.approve', 'tenant.deprovision') and tenant_id is not null and detail ->> 'kind' is distinct from 'remove'"))
            .ShouldBe($"ada command.schedule, grace schedule.approve, schedule:{waiting.GetProperty("id").GetGuid():d} tenant.deprovision ada grace");
    }

    [Fact]
    public async Task Should_be_said_by_the_dry_run()
    {
        await ActiveAsync("acme");

        using var dry = await PostAsync("/tenants/acme/deprovision?dryRun=true", Deprovisioning);
        using var other = await PostAsync("/tenants/acme/reactivate?dryRun=true", new { });

        Changes(await ApiServer.JsonAsync(dry)).Last().ShouldBe("A second person must approve the command before it runs. Until then it waits as a scheduled command, and nothing happens.");
        Changes(await ApiServer.JsonAsync(other)).ShouldNotContain(c => c!.Contains("second person"));
        (await Server.QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_give_the_same_answer_for_the_same_key_and_refuse_at_once_what_is_refused_now()
    {
        await ActiveAsync("acme");
        await ActiveAsync("bolt");

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostAsync("/tenants/acme/deprovision", Deprovisioning, key: "once")));
        using var other = await PostAsync("/tenants/acme/deprovision", new { confirm = "acme" }, key: "once");
        using var wrong = await PostAsync("/tenants/bolt/deprovision", new { confirm = "acme", backup = false });
        await Server.ExecuteAsync("update tenants set status = 'failed' where slug = 'bolt'");
        using var failed = await PostAsync("/tenants/bolt/suspend", new { reason = "Late.", code = "nonPayment" });

        together.Select(r => (int)r.StatusCode).ShouldAllBe(s => s == 201);
        together.Select(r => r.Headers.Location).Distinct().Count().ShouldBe(1);
        await ProblemAsync(other, 422, "idempotency-key-reused");
        Pointers(await ProblemAsync(wrong, 422, "validation")).ShouldBe("/confirm");
        await ProblemAsync(failed, 409, "tenant-state");
        (await Server.QueryAsync<long>("select count(*) from scheduled_commands")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_be_got_round_through_another_door()
    {
        var tenant = await ActiveAsync("acme");
        var suspension = new SuspendTenant { TenantId = tenant, Reason = "Late.", Code = "nonPayment" };
        // As one that was scheduled before the configuration demanded an approval.
        await Server.ExecuteAsync(
            $$"""
            insert into scheduled_commands (id, kind, tenant_id, command, run_at, expires_at, needs_approval, requested_by, created_at, next_try_at)
            values (gen_random_uuid(), 'suspend', '{{tenant}}', '{"tenantId":"{{tenant}}","reason":"Late.","code":"nonPayment"}', now() - interval '1 second', now() + interval '1 hour', false, 'ada', now(), now() - interval '1 second')
            """);
        await Server.ExecuteAsync("update operations set kind = 'suspend', state = 'cancelled', input = jsonb_build_object('tenantId', tenant_id, 'reason', 'Late.', 'code', 'nonPayment')");
        var ended = await Server.QueryAsync<Guid>("select id from operations where state = 'cancelled'");

        var bus = await Server.App.Services.GetRequiredService<ICommandIntake<SuspendTenant>>().SubmitAsync(suspension, Caller.Bus, default, messageId: Guid.NewGuid());
        var scheduled = await RunAsync<SuspendTenant>();
        using var replay = await PostAsync($"/operations/{ended}/replay", new { reason = "Again." });

        foreach (var refused in new[] { bus, scheduled })
            refused.ShouldBeOfType<CommandRejected>().Rejection.Code.ShouldBe("approval-needed");
        (await ProblemAsync(replay, 403, "approval-needed")).GetProperty("detail").GetString().ShouldStartWith("Commands of the kind 'suspend' need a second person's approval here");
        (await Server.QueryAsync<long>("select count(*) from holds")).ShouldBe(0);
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'command.refuse' and detail ->> 'code' = 'approval-needed'")).ShouldBe(2, "aloud");
    }

    [Fact]
    public async Task Should_be_needed_for_a_large_batch_and_for_one_of_such_commands()
    {
        await ActiveAsync("acme");
        await ActiveAsync("bolt");
        var small = await PreparedAsync("verify", "acme");
        var large = await PreparedAsync("verify", "acme", "bolt");
        var named = await PreparedAsync("suspend", "acme");

        using var one = await PostAsync($"/batches/{small}/run");
        using var two = await PostAsync($"/batches/{large}/run");
        using var suspensions = await PostAsync($"/batches/{named}/run");

        ((int)one.StatusCode, (int)two.StatusCode, (int)suspensions.StatusCode).ShouldBe((202, 201, 201));
        var batch = await Server.GetAsync($"/api/v1/batches/{large}");
        (Text(batch, "state"), batch.GetProperty("needsApproval").GetBoolean()).ShouldBe(("prepared", true));
        var waiting = await Server.GetAsync(two.Headers.Location!.ToString());
        (Text(waiting, "kind"), waiting.GetProperty("expiresAt").GetDateTimeOffset()).ShouldBe(("batch", batch.GetProperty("expiresAt").GetDateTimeOffset()), "a batch that nobody runs is deleted then");
        using var grace = await Grace().PostAsJsonAsync(new Uri(two.Headers.Location + "/approve", UriKind.Relative), new { reason = "I looked at it." });
        await RunAsync<RunBatch>();
        Text(await Server.GetAsync($"/api/v1/batches/{large}"), "state").ShouldBe("running");
        Text(await Server.GetAsync($"/api/v1/batches/{named}"), "state").ShouldBe("prepared");
    }

    [Fact]
    public async Task Should_be_needed_for_the_migrations_to_a_new_version_of_a_plan()
    {
        await ActiveAsync("acme");
        var body = JsonSerializer.SerializeToNode(await Server.GetAsync("/api/v1/plans/enterprise"))!.AsObject();
        body.Remove("versions");
        body["limits"]!["users"] = 20_000;
        body["apply"] = true;

        using var written = await Server.Admin.PutAsJsonAsync(new Uri("/api/v1/plans/enterprise", UriKind.Relative), body);

        ((int)written.StatusCode).ShouldBe(200, await written.Content.ReadAsStringAsync());
        var migration = (await Server.GetAsync("/api/v1/scheduled?kind=migrate")).GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        migration.GetProperty("needsApproval").GetBoolean().ShouldBeTrue();
        (migration.GetProperty("expiresAt").GetDateTimeOffset() - migration.GetProperty("runAt").GetDateTimeOffset()).ShouldBe(TimeSpan.FromHours(48));
        (await TakenAsync()).ShouldBeEmpty();
    }

    private static string? Text(JsonElement view, string member) => view.GetProperty(member).GetString();

    private static IEnumerable<string?> Changes(JsonElement plan) => plan.GetProperty("changes").EnumerateArray().Select(c => c.GetString());

    private HttpClient Grace()
    {
        var claims = Server.Issuer.Claims(Roles.Admin);
        claims["sub"] = "grace";
        return Server.Client(Server.Issuer.Sign(claims));
    }

    private Task<IReadOnlyList<TakenCommand>> TakenAsync() => Server.App.Services.GetRequiredService<ScheduleStore>().TakeDueAsync(10, TimeSpan.Zero, default);

    // As the orchestrators' runner does.
    private async Task<IntakeOutcome> RunAsync<TCommand>()
        where TCommand : class =>
        await Server.App.Services.GetRequiredService<ScheduledSubmitter<TCommand>>().SubmitAsync((await TakenAsync()).ShouldHaveSingleItem(), default);

    private async Task<Guid> PreparedAsync(string action, params string[] tenants)
    {
        using var response = await PostAsync("/tenants/bulk", new { action, tenants, reason = "Because.", input = action == "suspend" ? (object)new { reason = "Late." } : new { } });
        ((int)response.StatusCode).ShouldBe(201, await response.Content.ReadAsStringAsync());
        return (await ApiServer.JsonAsync(response)).GetProperty("id").GetGuid();
    }

    private async Task<HttpResponseMessage> PostAsync(string path, object? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1" + path) { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await Server.Admin.SendAsync(request);
    }

    private async Task<TenantId> ActiveAsync(string slug)
    {
        var operation = await Server.AcceptedAsync(slug);
        await Server.ExecuteAsync(
            $"""
            update operations set state = 'completed', finished_at = now() where id = '{operation}';
            delete from operation_scopes;
            update tenants set status = 'active' where slug = '{slug}';
            """);
        return new TenantId(await Server.QueryAsync<Guid>($"select id from tenants where slug = '{slug}'"));
    }
}
