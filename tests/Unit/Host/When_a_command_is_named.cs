using Saga.Host.Commands;
using Saga.Host.Startup;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_a_command_is_named
{
    [Theory]
    [InlineData("check identity")]
    [InlineData("check identity --Saga:Mode=real")]
    [InlineData("check identity Saga:Mode=real")]
    public void Should_be_found_before_the_settings(string arguments) => HostCommand.Find(arguments.Split(' ')).ShouldNotBeNull().Words.ShouldBe("check identity");

    [Theory]
    [InlineData("--Saga:Mode=real")]
    [InlineData("--Saga:Mode real")]
    [InlineData("Saga:Mode=real")]
    public void Should_be_none_when_the_arguments_begin_with_a_setting(string arguments) => HostCommand.Find(arguments.Split(' ')).ShouldBeNull();

    [Fact]
    public void Should_set_a_setting_by_a_switch() =>
        HostCommand.Find(["prepare-server", "--print"]).ShouldNotBeNull().Expand(["prepare-server", "--print", "--Saga:Mode=real"])
            .ShouldBe(["prepare-server", "--Saga:Prepare:Print=true", "--Saga:Mode=real"]);

    [Fact]
    public void Should_be_none_without_arguments() => HostCommand.Find([]).ShouldBeNull();

    [Fact]
    public void Should_be_refused_with_the_commands_that_there_are() =>
        Should.Throw<StartException>(() => HostCommand.Find(["check", "idenity"])).Messages.ShouldHaveSingleItem().ShouldContain("'check identity'");
}
