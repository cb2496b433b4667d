using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_callers_are_told_apart
{
    [Theory]
    [InlineData("bus", "token:bus")]
    [InlineData("bus:x", "token:bus:x")]
    [InlineData("token:bus", "token:token:bus")]
    [InlineData("system", "token:system")]
    [InlineData("ada", "ada")]
    [InlineData("0199a1b2-0000-7000-8000-000000000000", "0199a1b2-0000-7000-8000-000000000000")]
    public void Should_not_take_a_tokens_subject_for_another_kind(string subject, string stored)
    {
        var caller = Caller.OfToken(subject);

        caller.ToString().ShouldBe(stored);
        caller.ShouldNotBe(Caller.Bus);
        caller.ToString().ShouldNotBe(Caller.Bus.ToString());
    }

    [Fact]
    public void Should_let_a_token_remove_nothing_unless_its_roles_do()
    {
        Caller.OfToken("ada").IsAdministrator.ShouldBeFalse();
        Caller.OfToken("ada", isAdministrator: true).IsAdministrator.ShouldBeTrue();
        (Caller.Bus.IsAdministrator, Caller.System.IsAdministrator, Caller.OfSchedule(Guid.NewGuid()).IsAdministrator).ShouldBe((true, true, true));
    }

    [Fact]
    public void Should_have_a_caller() => Should.Throw<InvalidOperationException>(() => default(Caller).ToString());
}
