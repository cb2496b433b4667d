using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Lifecycle;
using Saga.Lifecycle.Names;
using Saga.Lifecycle.Provision;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Intake;

public sealed class When_names_are_reserved
{
    [Theory]
    [InlineData("www")]
    [InlineData("api")]
    [InlineData("admin")]
    [InlineData("mail")]
    [InlineData("localhost")]
    [InlineData("wpad")]
    [InlineData("adopt")]
    [InlineData("bulk")]
    [InlineData("xn--bcher-kva")]
    public void Should_refuse_them_as_slug_and_as_subdomain(string name)
    {
        Commands.Faults(Commands.Valid with { Slug = name }).ShouldBe("/slug");
        Commands.Faults(Commands.Valid with { Subdomain = name.ToUpperInvariant() }).ShouldBe("/subdomain");
    }

    // GET /tenants/{idOrSlug} would search for the id and not find the tenant.
    [Theory]
    [InlineData("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")]
    [InlineData("abcdef01234567890123456789abcdef")]
    public void Should_refuse_a_slug_that_looks_like_an_id(string slug) => Commands.Faults(Commands.Valid with { Slug = slug, Subdomain = "sub" }).ShouldBe("/slug");

    [Theory]
    [InlineData("wwwacme")]
    [InlineData("api-acme")]
    [InlineData("axn--b")]
    [InlineData("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeeg")]
    public void Should_leave_similar_names_free(string name) => Commands.Faults(Commands.Valid with { Slug = name }).ShouldBe("");

    [Fact]
    public void Should_follow_the_configuration()
    {
        var names = Names(("Saga:Names:Reserved:0", "shop"), ("Saga:Names:Released:0", "support"));

        names.RefuseSlug("shop").ShouldBe("'shop' is reserved");
        names.RefuseSlug("support").ShouldBeNull();
        ProvisionValidation.Validate(Commands.Valid with { Slug = "shop" }, Commands.Plan, names, out var errors).ShouldBeNull();
        errors.Select(e => e.Pointer).ShouldBe(["/slug"]);
    }

    [Theory]
    [InlineData("Saga:Names:Reserved:0", "Not A Name")]
    [InlineData("Saga:Names:Released:0", "acme")]
    [InlineData("Saga:Names:Released:0", "adopt")]
    public void Should_refuse_a_configuration_that_means_nothing(string key, string value) =>
        Should.Throw<OptionsValidationException>(() => Names((key, value)).RefuseSlug("acme")).Message.ShouldContain(value);

    private static ReservedNames Names(params (string Key, string Value)[] settings) =>
        new ServiceCollection().AddLifecycle(new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build())
            .BuildServiceProvider().GetRequiredService<ReservedNames>();
}
