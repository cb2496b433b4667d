using System.Text.Json;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_a_step_says_how_far_it_is : ApiTest
{
    [Fact]
    public async Task Should_show_it_in_the_operation()
    {
        var operation = await ProgressingAsync(1200);

        var steps = (await Server.GetAsync($"/api/v1/operations/{operation}")).GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);

        var progress = steps["placement.reserve"].GetProperty("progress");
        (progress.GetProperty("done").GetInt64(), progress.GetProperty("total").GetInt64(), progress.GetProperty("unit").GetString(), progress.GetProperty("words").GetString())
            .ShouldBe((1200, 5000, "rows", "copying"));
        progress.TryGetProperty("at", out _).ShouldBeTrue();
        steps["database.create"].TryGetProperty("progress", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_tell_followers_each_change_once_without_moving_their_last_event()
    {
        var operation = await ProgressingAsync(1200);
        await using var events = await EventReader.OpenAsync(Server, operation);

        var accepted = await events.NextAsync();
        accepted.Name.ShouldBe("accepted");
        await NextAsync(events, 1200);
        await Server.ExecuteAsync($$"""update operation_steps set progress = '{"done":1300}', progressed_at = progressed_at + interval '1 second' where operation_id = '{{operation}}'""");
        await NextAsync(events, 1300);
        var line = await Server.AddHistoryAsync(operation, "stepSucceeded");
        (await events.NextAsync()).ShouldSatisfyAllConditions(e => e.Id.ShouldBe(line), e => e.Name.ShouldBe("stepSucceeded"));
    }

    [Fact]
    public async Task Should_tell_nothing_of_a_step_that_does_not_run()
    {
        var operation = await ProgressingAsync(1200);
        await Server.ExecuteAsync($"update operation_steps set status = 'waiting' where operation_id = '{operation}'");
        await using var events = await EventReader.OpenAsync(Server, operation);

        (await events.NextAsync()).Name.ShouldBe("accepted");
        var line = await Server.AddHistoryAsync(operation, "stepFailed");
        (await events.NextAsync()).Id.ShouldBe(line);
    }

    private static async Task NextAsync(EventReader events, long done)
    {
        var (id, name, data) = await events.NextAsync();
        (id, name, data.GetProperty("step").GetString(), data.GetProperty("attempt").GetInt32(), data.GetProperty("done").GetInt64()).ShouldBe((0, "progress", "placement.reserve", 2, done));
    }

    private async Task<Guid> ProgressingAsync(int done)
    {
        var operation = await Server.AcceptedAsync("acme");
        var progress = JsonSerializer.Serialize(new { done, total = 5000, unit = "rows", words = "copying" });
        await Server.ExecuteAsync(
            $"""
            update operations set state = 'running', slot = 'admitted', next_due_at = now() + interval '1 hour' where id = '{operation}';
            insert into operation_steps (operation_id, step, fence, status, attempt, started_at, taken_at, progress, progressed_at)
            values ('{operation}', 'placement.reserve', 2, 'running', 2, now(), now(), '{progress}', now());
            """);
        return operation;
    }
}
