using Saga.Api.Tokens;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_operation_is_followed : ApiTest
{
    [Fact]
    public async Task Should_send_what_was_and_what_comes_and_end_with_the_operation()
    {
        var operation = await Server.AcceptedAsync("acme");
        await using var events = await EventReader.OpenAsync(Server, operation);

        var accepted = await events.NextAsync();
        accepted.Name.ShouldBe("accepted");
        var started = await Server.AddHistoryAsync(operation, "stepDispatched");
        var next = await events.NextAsync();
        (next.Id, next.Name).ShouldBe((started, "stepDispatched"));
        next.Data.GetProperty("id").GetInt64().ShouldBe(started);
        next.Data.GetProperty("step").GetString().ShouldBe("placement.reserve");
        await Server.AddHistoryAsync(operation, "completed");
        (await events.NextAsync()).Name.ShouldBe("completed");
        (await events.TryNextAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData("completed", true)]
    [InlineData("compensated", true)]
    [InlineData("cancelled", true)]
    [InlineData("stalled", false)]
    [InlineData("stepFailed", false)]
    public async Task Should_end_only_after_what_is_final(string name, bool ends)
    {
        var operation = await Server.AcceptedAsync("acme");
        await Server.AddHistoryAsync(operation, name);
        await Server.AddHistoryAsync(operation, "stepDeferred");
        await using var events = await EventReader.OpenAsync(Server, operation);
        await events.NextAsync();
        await events.NextAsync();

        (await (ends ? events.TryNextAsync() : NextAsync())).HasValue.ShouldBe(!ends);

        async Task<(long, string, System.Text.Json.JsonElement)?> NextAsync() => await events.NextAsync();
    }

    [Fact]
    public async Task Should_resume_after_the_last_event_without_gap_or_repetition()
    {
        var operation = await Server.AcceptedAsync("acme");
        var written = new List<long> { await Server.QueryAsync<long>("select id from operation_history") };
        var seen = new List<long>();
        for (var connection = 0; connection < 5; connection++)
        {
            written.Add(await Server.AddHistoryAsync(operation, "stepDispatched"));
            await using var events = await EventReader.OpenAsync(Server, operation, seen.Count == 0 ? null : seen[^1]);
            written.Add(await Server.AddHistoryAsync(operation, "stepSucceeded"));
            while (seen.Count < written.Count)
                seen.Add((await events.NextAsync()).Id);
            written.Add(await Server.AddHistoryAsync(operation, "stepDeferred"));
        }

        await Server.AddHistoryAsync(operation, "completed");
        await using var rest = await EventReader.OpenAsync(Server, operation, seen[^1]);
        while (await rest.TryNextAsync() is { } line && line.Name != "completed")
            seen.Add(line.Id);

        seen.ShouldBe(written);
    }

    [Fact]
    public async Task Should_send_a_long_history_in_order()
    {
        var operation = await Server.AcceptedAsync("acme");
        await Server.ExecuteAsync($"insert into operation_history (operation_id, at, event) select '{operation}', now(), 'stepDeferred' from generate_series(1, 5000)");
        await Server.AddHistoryAsync(operation, "completed");

        // Several listeners, each of which reads at its own pace while it gets more lines.
        var read = await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
        {
            await using var events = await EventReader.OpenAsync(Server, operation);
            var ids = new List<long>();
            while (await events.TryNextAsync() is { } line)
                ids.Add(line.Id);
            return ids;
        }));

        foreach (var ids in read)
        {
            ids.Count.ShouldBe(5002);
            ids.ShouldBe(ids.Distinct().Order());
        }
    }

    [Fact]
    public async Task Should_keep_operations_apart_and_serve_many()
    {
        var operations = new List<Guid>();
        for (var i = 0; i < 5; i++)
            operations.Add(await Server.AcceptedAsync($"acme-{i}"));
        var following = operations.SelectMany(o => Enumerable.Repeat(o, 4)).Select(async operation =>
        {
            await using var events = await EventReader.OpenAsync(Server, operation);
            var lines = new List<string>();
            while (await events.TryNextAsync() is { } line)
                lines.Add(line.Data.TryGetProperty("step", out _) ? line.Name : line.Name + "!");
            return (operation, Lines: string.Join(' ', lines));
        }).ToList();

        for (var i = 0; i < operations.Count; i++)
        {
            for (var n = 0; n < i; n++)
                await Server.AddHistoryAsync(operations[i], "stepDeferred");
            await Server.AddHistoryAsync(operations[i], "completed");
        }

        foreach (var (operation, lines) in await Task.WhenAll(following))
            lines.ShouldBe(string.Join(' ', ["accepted!", .. Enumerable.Repeat("stepDeferred", operations.IndexOf(operation)), "completed"]));
    }

    [Fact]
    public async Task Should_not_call_back_who_has_the_end_already()
    {
        var operation = await Server.AcceptedAsync("acme");
        var last = await Server.AddHistoryAsync(operation, "completed");
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now()");

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/operations/{operation}/events");
        request.Headers.Add("Last-Event-ID", last.ToString());
        using var response = await Server.Viewer.SendAsync(request);

        ((int)response.StatusCode).ShouldBe(204);
    }

    [Fact]
    public async Task Should_send_notes_from_after_the_end_and_end_with_the_last()
    {
        var operation = await Server.AcceptedAsync("acme");
        var completed = await Server.AddHistoryAsync(operation, "completed");
        await Server.ExecuteAsync("update operations set state = 'completed', finished_at = now()");
        await Server.AddHistoryAsync(operation, "noted");
        var last = await Server.AddHistoryAsync(operation, "noted");

        await using (var whole = await EventReader.OpenAsync(Server, operation))
        {
            foreach (var name in new[] { "accepted", "completed", "noted", "noted" })
                (await whole.NextAsync()).Name.ShouldBe(name);
            (await whole.TryNextAsync()).ShouldBeNull();
        }

        await using var rest = await EventReader.OpenAsync(Server, operation, completed);
        (await rest.NextAsync()).Name.ShouldBe("noted");
        (await rest.NextAsync()).Id.ShouldBe(last);
        (await rest.TryNextAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1e3")]
    public async Task Should_refuse_an_invalid_id(string id)
    {
        var operation = await Server.AcceptedAsync("acme");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/operations/{operation}/events");
        request.Headers.Add("Last-Event-ID", id);
        using var response = await Server.Viewer.SendAsync(request);

        Parameters(await ProblemAsync(response, 400, "invalid-parameter")).ShouldBe("Last-Event-ID");
    }

    [Fact]
    public async Task Should_send_heartbeats_when_nothing_happens()
    {
        var operation = await Server.AcceptedAsync("acme");
        await using var events = await EventReader.OpenAsync(Server, operation);
        await events.NextAsync();

        Server.Clock.Speed = 50;
        await events.UntilHeartbeatAsync();
        Server.Clock.Speed = 1;
        await Server.AddHistoryAsync(operation, "completed");

        (await events.NextAsync()).Name.ShouldBe("completed");
    }

    [Fact]
    public async Task Should_end_with_the_token()
    {
        var operation = await Server.AcceptedAsync("acme");
        var claims = Server.Issuer.Claims(Roles.Viewer);
        claims["exp"] = TestIssuer.Now(60);
        using var client = Server.Client(Server.Issuer.Sign(claims));
        await using var events = await EventReader.OpenAsync(Server, operation, client: client);

        (await events.NextAsync()).Name.ShouldBe("accepted");
        Server.Clock.Advance(TimeSpan.FromSeconds(100));
        (await events.TryNextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task Should_ask_the_registry_only_while_somebody_listens()
    {
        using var queries = new QueryWatch(Server.Registry);
        var operation = await Server.AcceptedAsync("acme");
        await using (var events = await EventReader.OpenAsync(Server, operation))
        {
            await events.NextAsync();
            var before = queries.Count("operation_history");
            await queries.UntilAsync("operation_history", before + 3);
        }

        // Ten rounds of another query at the feed's pace, without a single query from the feed.
        for (var quiet = 0; quiet < 10; quiet++)
        {
            var before = queries.Count("operation_history");
            for (var round = 0; round < 20; round++)
                await Server.GetAsync("/api/v1/plans");
            if (queries.Count("operation_history") != before)
                quiet = -1;
        }
    }

    [Fact]
    public async Task Should_not_hold_up_the_end_of_the_process()
    {
        var operation = await Server.AcceptedAsync("acme");
        await using var events = await EventReader.OpenAsync(Server, operation);
        await events.NextAsync();

        await Server.App.StopAsync().WaitAsync(WaitLimit.Seconds(10));

        (await events.TryNextAsync()).ShouldBeNull();
    }
}
