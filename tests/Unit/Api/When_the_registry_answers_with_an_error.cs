using Npgsql;
using Saga.Api.Problems;
using Saga.Registry;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Api;

public sealed class When_the_registry_answers_with_an_error
{
    [Theory]
    [InlineData("25006", true)]
    [InlineData("57P01", true)]
    [InlineData("57P03", true)]
    [InlineData("53300", true)]
    [InlineData("53100", true)]
    [InlineData("08006", true)]
    [InlineData("58030", true)]
    [InlineData("28P01", true)]
    [InlineData("3D000", true)]
    [InlineData("40001", false)]
    [InlineData("40P01", false)]
    [InlineData("55P03", false)]
    [InlineData("57014", false)]
    public void Should_say_that_it_is_unavailable_when_the_statement_may_succeed_later(string state, bool away)
    {
        var error = Error(state);

        Unavailability.IsRegistryDown(error).ShouldBeTrue();
        RegistryAvailability.IsTransient(error).ShouldBeTrue();
        RegistryAvailability.IsAway(error).ShouldBe(away);
    }

    [Theory]
    [InlineData("23505")]
    [InlineData("42703")]
    [InlineData("22P02")]
    [InlineData("42501")]
    public void Should_report_an_error_of_its_own_otherwise(string state)
    {
        var error = Error(state);

        Unavailability.IsRegistryDown(error).ShouldBeFalse();
        RegistryAvailability.IsTransient(error).ShouldBeFalse();
    }

    private static PostgresException Error(string state) => new("test", "ERROR", "ERROR", state);
}
