using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_name_is_taken : IntakeTest
{
    [Fact]
    public async Task Should_name_the_operation_that_runs_there()
    {
        var running = await AcceptedAsync(Command("acme"));
        var rows = await RowsAsync();

        var rejection = await RejectedAsync(Command("acme"));

        (rejection.Code, rejection.OperationId).ShouldBe((RejectionCodes.OperationActive, running.OperationId));
        rejection.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/slug");
        (await RowsAsync()).ShouldBe(rows);
    }

    [Theory]
    [InlineData("accepted", RejectionCodes.OperationActive)]
    [InlineData("running", RejectionCodes.OperationActive)]
    [InlineData("compensating", RejectionCodes.OperationActive)]
    [InlineData("stalled", RejectionCodes.OperationActive)]
    [InlineData("completed", RejectionCodes.SlugTaken)]
    [InlineData("cancelled", RejectionCodes.SlugTaken)]
    public async Task Should_distinguish_a_busy_tenant_from_an_idle_one(string state, string code)
    {
        var first = await AcceptedAsync(Command("acme"));
        await EndAsync(first.OperationId, state, "active");

        (await RejectedAsync(Command("acme"))).Code.ShouldBe(code);
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_name_a_taken_domain_in_any_spelling()
    {
        await AcceptedAsync(Command("acme") with { Domain = "bücher.example" });
        await AcceptedAsync(Command("cord") with { Domain = "bücher.example" });
        await ProveAsync("acme");

        var rejection = await RejectedAsync(Command("bolt") with { Domain = "XN--BCHER-KVA.example" });

        rejection.Code.ShouldBe(RejectionCodes.DomainTaken);
        rejection.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/domain");
        rejection.OperationId.ShouldBeNull();
    }

    [Fact]
    public async Task Should_name_a_taken_subdomain()
    {
        await AcceptedAsync(Command("acme") with { Subdomain = "portal" });

        (await RejectedAsync(Command("bolt") with { Subdomain = "Portal" })).Code.ShouldBe(RejectionCodes.SubdomainTaken);
        (await RejectedAsync(Command("portal"))).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/subdomain");
    }

    [Fact]
    public async Task Should_name_all_that_are_taken()
    {
        var first = await AcceptedAsync(Command("acme") with { Domain = "acme.com" });
        await EndAsync(first.OperationId, "completed", "active");
        await ProveAsync("acme");
        await AcceptedAsync(Command("bolt"));

        var rejection = await RejectedAsync(Command("acme") with { Domain = "acme.com", Subdomain = "bolt" });

        rejection.Code.ShouldBe(RejectionCodes.SlugTaken);
        rejection.Errors.Select(e => e.Pointer).ShouldBe(["/slug", "/domain", "/subdomain"]);
    }

    [Theory]
    [InlineData("failed", "compensated")]
    [InlineData("deprovisioned", "completed")]
    public async Task Should_give_names_out_again_when_their_tenant_is_gone(string status, string state)
    {
        var first = await AcceptedAsync(Command("acme") with { Domain = "acme.com" });
        await ProveAsync("acme");
        await EndAsync(first.OperationId, state, status);

        (await AcceptedAsync(Command("acme") with { Domain = "acme.com" })).TenantId.ShouldNotBe(first.TenantId);
    }

    private async Task ProveAsync(string slug)
    {
        await using var prove = Registry.CreateCommand("update tenant_domains set state = 'proved', proved_at = now() where tenant_id = (select id from tenants where slug = $1)");
        prove.Parameters.Add(new() { Value = slug });
        (await prove.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
    }
}
