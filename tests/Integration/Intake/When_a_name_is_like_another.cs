using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

/// <summary>
/// An organisation is called by its tenant's name, or by the name with the slug if that is taken. Both must not be taken at once, which
/// the identity provider would report only after the command was accepted.
/// </summary>
[IsolationSuite]
public sealed class When_a_name_is_like_another : IntakeTest
{
    [Theory]
    [InlineData("Acme (bolt)", "Acme")]
    [InlineData("ACME (BOLT)", "acme")]
    public async Task Should_refuse_whoever_comes_second(string like, string name)
    {
        await AcceptedAsync(Command("acme") with { Name = like });
        var rows = await RowsAsync();

        var (dry, real) = ((await Intake.PlanAsync(Command("bolt") with { Name = name }, default)).Rejection!, await RejectedAsync(Command("bolt") with { Name = name }));

        (real.Code, dry.Code, dry.Detail).ShouldBe((RejectionCodes.NameTaken, RejectionCodes.NameTaken, real.Detail));
        real.Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/name");
        (await RowsAsync()).ShouldBe(rows);
    }

    [Fact]
    public async Task Should_refuse_the_name_that_another_may_have_to_take()
    {
        await AcceptedAsync(Command("bolt"));

        (await RejectedAsync(Command("acme") with { Name = "Acme (Bolt)" })).Code.ShouldBe(RejectionCodes.NameTaken);
    }

    [Fact]
    public async Task Should_let_tenants_share_a_name_and_have_others_in_parentheses()
    {
        await AcceptedAsync(Command("acme"));
        await AcceptedAsync(Command("bolt"));
        await AcceptedAsync(Command("cord") with { Name = "Acme (Germany)" });
        await AcceptedAsync(Command("dune") with { Name = "Acme (Germany)" });
    }

    [Fact]
    public async Task Should_accept_one_of_two_that_come_at_once()
    {
        for (var round = 0; round < 10; round++)
        {
            var (a, b) = ($"a-{round}", $"b-{round}");

            var outcomes = await Task.WhenAll(SubmitAsync(Command(a) with { Name = $"Acme ({b})" }), SubmitAsync(Command(b)));

            outcomes.OfType<CommandAccepted>().ShouldHaveSingleItem();
            outcomes.OfType<CommandRejected>().ShouldHaveSingleItem().Rejection.Code.ShouldBe(RejectionCodes.NameTaken);
        }
    }
}
