using System.Reflection;
using Saga.Contracts.Steps;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Engine;

public sealed class When_a_step_has_had_other_names
{
    [Theory]
    [InlineData("reserve", "placement.reserve")]
    [InlineData("identity", "organization.create")]
    [InlineData("database", "database.create")]
    [InlineData("migrate", "schema.migrate")]
    [InlineData("storage", "storage.create")]
    [InlineData("cache", "cache.create")]
    [InlineData("configuration", "configuration.write")]
    [InlineData("administrator", "administrator.create")]
    [InlineData("verify", "tenant.verify")]
    [InlineData("activate", "tenant.activate")]
    [InlineData("notify", "administrator.notify")]
    public void Should_keep_the_meaning_of_every_name_that_was_released(string released, string today)
    {
        StepAliases.Current(released).ShouldBe(today);
        StepAliases.Current(today).ShouldBe(today);
        StepAliases.Spellings(released).ShouldBe([today, released]);
        StepAliases.Spellings(today).ShouldBe([today, released]);
    }

    [Fact]
    public void Should_name_the_resource_and_what_is_done_to_it() =>
        typeof(StepNames).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetValue(null)!)
            .ShouldAllBe(name => name.Split('.', StringSplitOptions.None).Length == 2);

    [Fact]
    public void Should_leave_a_name_alone_that_nobody_knows() => StepAliases.Spellings("nothing").ShouldBe(["nothing"]);
}
