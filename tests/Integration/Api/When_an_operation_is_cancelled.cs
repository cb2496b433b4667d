using System.Net.Http.Json;
using Saga.Lifecycle.Provision;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_operation_is_cancelled : ApiTest
{
    [Fact]
    public async Task Should_take_the_order_and_show_the_operation()
    {
        var id = await Server.AcceptedAsync("acme");

        using var response = await PostAsync(id, new { reason = "It was a mistake." });

        ((int)response.StatusCode).ShouldBe(202);
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/operations/{id}");
        (await ApiServer.JsonAsync(response)).GetProperty("id").GetGuid().ShouldBe(id);
        (await Server.QueryAsync<string>("select message_type from outbox where destination = 'saga-orders'")).ShouldBe("Saga.Contracts.Steps.CancellationRequested");
        (await Server.QueryAsync<string>("select detail->>'reason' from audit where action = 'operation.cancel'")).ShouldBe("It was a mistake.");
    }

    [Fact]
    public async Task Should_say_what_would_be_undone_and_write_nothing_in_a_dry_run()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync($"update operations set state = 'running'; insert into operation_steps (operation_id, step, status, fence) values ('{id}', 'placement.reserve', 'succeeded', 1)");

        using var response = await PostAsync(id, new { reason = "It was a mistake." }, "?dryRun=true");

        ((int)response.StatusCode).ShouldBe(200);
        (await ApiServer.JsonAsync(response)).GetProperty("undoes").EnumerateArray().Select(e => e.GetString()).ShouldBe(["placement.reserve"]);
        (await Server.QueryAsync<long>("select count(*) from outbox where destination = 'saga-orders'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("completed", "The operation has ended: it is completed.")]
    [InlineData("compensated", "The operation has ended: it is compensated.")]
    [InlineData("compensating", "The operation failed, and what it did is already being undone.")]
    public async Task Should_refuse_with_409_and_the_reason_what_can_no_longer_be_cancelled(string state, string why)
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync($"update operations set state = '{state}'");

        using var response = await PostAsync(id, new { reason = "It was a mistake." });
        using var dry = await PostAsync(id, new { reason = "It was a mistake." }, "?dryRun=true");

        (await ProblemAsync(response, 409, "operation-not-cancellable")).GetProperty("detail").GetString().ShouldBe(why);
        (await ApiServer.JsonAsync(dry)).GetProperty("refusal").GetProperty("detail").GetString().ShouldBe(why);
    }

    [Fact]
    public async Task Should_refuse_with_409_after_the_pivot_was_dispatched()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync($"update operations set state = 'running'; insert into operation_steps (operation_id, step, status, fence) values ('{id}', 'tenant.activate', 'running', 1)");

        using var response = await PostAsync(id, new { reason = "It was a mistake." });

        (await ProblemAsync(response, 409, "operation-not-cancellable")).GetProperty("detail").GetString()!.ShouldContain("'tenant.activate'");
        (await Server.RefusedAsync()).ShouldBe("ada POST /api/v1/operations/{id}/cancel operation-not-cancellable 1");
    }

    [Fact]
    public async Task Should_answer_a_second_order_in_the_same_way_and_write_nothing_more()
    {
        var id = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync("""update operations set state = 'cancelled', cancellation = '{"actor":"ada","reason":"It was a mistake."}'""");

        using var response = await PostAsync(id, new { reason = "Again." });

        ((int)response.StatusCode).ShouldBe(202);
        (await ApiServer.JsonAsync(response)).GetProperty("cancellation").GetProperty("by").GetString().ShouldBe("ada");
        (await Server.QueryAsync<long>("select count(*) from audit where action = 'operation.cancel'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_ask_for_a_reason_and_for_nothing_else()
    {
        var id = await Server.AcceptedAsync("acme");

        using var none = await PostAsync(id, new { });
        using var empty = await PostAsync(id, new { reason = "  " });
        using var more = await PostAsync(id, new { reason = "It was a mistake.", operationId = Guid.NewGuid() });

        foreach (var response in new[] { none, empty })
            Pointers(await ProblemAsync(response, 422, "validation")).ShouldBe("/reason");
        Pointers(await ProblemAsync(more, 422, "validation")).ShouldBe("/operationId");
    }

    [Fact]
    public async Task Should_find_no_other_operation_and_obey_administrators_only()
    {
        var id = await Server.AcceptedAsync("acme");

        using var unknown = await PostAsync(Guid.NewGuid(), new { reason = "It was a mistake." });
        using var viewer = await Server.Viewer.PostAsJsonAsync(new Uri($"/api/v1/operations/{id}/cancel", UriKind.Relative), new { reason = "It was a mistake." });
        using var wrong = await Server.Admin.PostAsJsonAsync(new Uri("/api/v1/operations/first/cancel", UriKind.Relative), new { reason = "It was a mistake." });

        await ProblemAsync(unknown, 404, "operation-not-found");
        await ProblemAsync(viewer, 403, "forbidden");
        await ProblemAsync(wrong, 404, "operation-not-found");
    }

    [Fact]
    public async Task Should_show_what_an_operation_waits_for()
    {
        var holder = await Server.AcceptedAsync("acme");
        var waits = await Server.AcceptedAsync("bolt");
        await Server.ExecuteAsync(
            $"""
            delete from operation_scopes where operation_id = '{waits}';
            insert into operation_scope_waits (operation_id, scopes, needs_slot, since) select '{waits}', array[scope], true, now() from operation_scopes;
            """);

        var shown = (await Server.GetAsync($"/api/v1/operations/{waits}")).GetProperty("waitsFor");

        shown.GetProperty("operation").GetString().ShouldBe($"/api/v1/operations/{holder}");
        shown.GetProperty("kind").GetString().ShouldBe(ProvisionWorkflow.Kind);
        shown.GetProperty("since").GetDateTimeOffset().ShouldBeLessThan(TimeProvider.System.GetUtcNow().AddMinutes(1));
        (await Server.GetAsync($"/api/v1/operations/{holder}")).TryGetProperty("waitsFor", out _).ShouldBeFalse();
    }

    private Task<HttpResponseMessage> PostAsync(Guid operation, object body, string query = "") =>
        Server.Admin.PostAsJsonAsync(new Uri($"/api/v1/operations/{operation}/cancel{query}", UriKind.Relative), body);
}
