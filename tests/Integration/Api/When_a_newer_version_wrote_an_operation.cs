using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

/// <summary>Operators can see values that this version does not know, in the list and in the single operation, together with the known ones.</summary>
public sealed class When_a_newer_version_wrote_an_operation : ApiTest
{
    [Fact]
    public async Task Should_show_a_state_as_it_is_stored()
    {
        Guid known = await Server.AcceptedAsync("acme"), strange = await Server.AcceptedAsync("bolt");
        await Server.ExecuteAsync($"update operations set state = 'paused' where id = '{strange}'");

        var list = (await Server.GetAsync("/api/v1/operations")).GetProperty("items").EnumerateArray().ToDictionary(o => o.GetProperty("id").GetGuid());
        var one = await Server.GetAsync($"/api/v1/operations/{strange}");

        list[known].GetProperty("state").GetString().ShouldBe("accepted");
        list[known].TryGetProperty("storedState", out _).ShouldBeFalse();
        foreach (var shown in new[] { list[strange], one })
            (shown.GetProperty("state").GetString(), shown.GetProperty("storedState").GetString()).ShouldBe(("unknown", "paused"));
    }

    [Theory]
    [InlineData("insert into operation_steps (operation_id, step, fence, status) values ('{0}', 'placement.reserve', 1, 'succeeded'), ('{0}', 'database.create', 2, 'negotiating')")]
    [InlineData("update operations set step_outcomes = jsonb_build_object('placement.reserve', 'succeeded', 'database.create', 'negotiating') where id = '{0}'")]
    public async Task Should_show_a_steps_status_as_it_is_stored(string written)
    {
        Guid known = await Server.AcceptedAsync("acme"), strange = await Server.AcceptedAsync("bolt");
        await Server.ExecuteAsync(written.Replace("{0}", strange.ToString(), StringComparison.Ordinal));

        var list = (await Server.GetAsync("/api/v1/operations")).GetProperty("items").EnumerateArray().ToDictionary(o => o.GetProperty("id").GetGuid());
        var steps = (await Server.GetAsync($"/api/v1/operations/{strange}")).GetProperty("steps").EnumerateArray().ToDictionary(s => s.GetProperty("name").GetString()!);

        list.Keys.ShouldBe([known, strange], ignoreOrder: true);
        list[strange].GetProperty("stepsSucceeded").GetInt32().ShouldBe(1);
        (steps["database.create"].GetProperty("status").GetString(), steps["database.create"].GetProperty("storedStatus").GetString()).ShouldBe(("unknown", "negotiating"));
        steps["placement.reserve"].GetProperty("status").GetString().ShouldBe("succeeded");
        steps["placement.reserve"].TryGetProperty("storedStatus", out _).ShouldBeFalse();
    }
}
