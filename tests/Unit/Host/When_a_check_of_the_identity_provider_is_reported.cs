using Saga.Host.Commands;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_a_check_of_the_identity_provider_is_reported
{
    [Fact]
    public void Should_not_pass_when_something_was_not_checked()
    {
        var report = new IdentityCheckReport([], ["the scopes, which need view-clients"]);

        IdentityCommands.ExitCode(report).ShouldBe(1);
        IdentityCommands.Lines(report).ShouldBe(
            ["not checked  the scopes, which need view-clients", "Nothing is known to be missing, but not everything was checked."]);
    }

    [Fact]
    public void Should_pass_when_everything_was_checked_and_is_there()
    {
        var report = new IdentityCheckReport([], []);

        IdentityCommands.ExitCode(report).ShouldBe(0);
        IdentityCommands.Lines(report).ShouldBe(["Nothing is missing."]);
    }

    [Fact]
    public void Should_name_what_is_missing()
    {
        var report = new IdentityCheckReport(["a role"], []);

        IdentityCommands.ExitCode(report).ShouldBe(1);
        IdentityCommands.Lines(report).ShouldBe(["lacks  a role", "1 missing."]);
    }
}
