using Saga.Contracts.Commands;
using Saga.Lifecycle.Provision;
using Saga.Registry.Plans;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_a_domain_needs_a_feature
{
    private static readonly ProvisionTenant Command = Commands.Valid with { Domain = "acme.com" };

    [Theory]
    [InlineData(true, null, true)]
    [InlineData(false, null, false)]
    [InlineData(null, null, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    public void Should_depend_on_the_plan_and_the_tenants_own_switch(bool? plan, bool? own, bool good)
    {
        var features = Features(plan);
        Plan of = Commands.Plan with { Features = features };

        ProvisionValidation.Validate(Command with { Features = own is null ? null : Features(own) }, of, Commands.Reserved, out var errors);

        string.Join(' ', errors.Select(e => e.Pointer)).ShouldBe(good ? "" : "/domain");
    }

    [Fact]
    public void Should_be_needed_for_a_domain_only()
    {
        ProvisionValidation.Validate(Commands.Valid, Commands.Plan with { Features = Features(false) }, Commands.Reserved, out var errors);

        errors.ShouldBeEmpty();
    }

    private static Dictionary<string, bool> Features(bool? on) => on is null ? [] : new() { ["customDomain"] = on.Value };
}
