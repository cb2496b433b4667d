using System.Text.Json;
using Saga.Lifecycle.Intake;
using Saga.Tests.Integration.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Api;

public sealed class When_an_operation_is_part_of_another : ApiTest
{
    [Fact]
    public async Task Should_show_the_whole_without_a_tenant_and_list_its_parts()
    {
        await Seed.ProcessAsync(Server.Registry, [RollOutToFleetPlan.Step, RollOutToTenantPlan.Step]);
        var acme = await Server.AcceptedAsync("acme");
        var tenant = await Server.QueryAsync<Guid>("select id from tenants");
        await Server.ExecuteAsync("delete from operation_scopes");
        var fleet = Intakes.Of<RollOutToFleet, RollOutToFleet, RollOutToFleetPlan>(Server.Registry, new());
        var single = Intakes.Of<RollOutToTenant, RollOutToTenant, RollOutToTenantPlan>(Server.Registry, new());
        var whole = ((CommandAccepted)await fleet.SubmitAsync(new("2026.1"), Caller.OfToken("ada"), default)).OperationId;
        var part = ((CommandAccepted)await single.SubmitAsync(new(new(tenant), whole), Caller.OfToken("ada"), default)).OperationId;

        var shownWhole = await Server.GetAsync($"/api/v1/operations/{whole}");
        var shownPart = await Server.GetAsync($"/api/v1/operations/{part}");

        (shownWhole.TryGetProperty("tenant", out _), shownWhole.TryGetProperty("parentId", out _)).ShouldBe((false, false));
        shownWhole.GetProperty("priority").GetString().ShouldBe("scheduled");
        shownPart.GetProperty("tenant").GetProperty("slug").GetString().ShouldBe("acme");
        shownPart.GetProperty("parentId").GetGuid().ShouldBe(whole);
        shownPart.GetProperty("priority").GetString().ShouldBe("batch");
        (await Server.GetAsync($"/api/v1/operations/{acme}")).GetProperty("priority").GetString().ShouldBe("interactive");
        Ids(await Server.GetAsync($"/api/v1/operations?parent={whole}")).ShouldBe([part]);
        Ids(await Server.GetAsync($"/api/v1/operations?parent={part}")).ShouldBeEmpty();
        Ids(await Server.GetAsync("/api/v1/operations")).ShouldBe([part, whole, Guid.Parse(acme.ToString()!)]);
        Parameters(await ProblemAsync(await ReadAsync("/api/v1/operations?parent=fleet"), 400, "invalid-parameter")).ShouldBe("parent");
    }

    private static List<Guid> Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(o => o.GetProperty("id").GetGuid())];
}
