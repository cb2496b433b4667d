using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Names, aliases and domains: who may have them.</summary>
public abstract partial class DirectoryContract
{
    [Theory]
    [InlineData("acme", "Other", null, DirectoryFailures.OrganizationTaken)]
    [InlineData("other", "Other", "acme.example", DirectoryFailures.DomainTaken)]
    public async Task Should_refuse_permanently_what_another_tenant_holds(string slug, string name, string? domain, string code)
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", "acme.example"), None);

        var refused = await FailureOfAsync(() => Directory.EnsureOrganizationAsync(Organization(slug, name, domain), None));

        refused.Failure.Code.ShouldBe(code);
        refused.Failure.Transient.ShouldBeFalse();
        refused.Failure.Remedy.ShouldNotBeNullOrEmpty();
        (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_name_an_organisation_with_its_slug_when_another_tenant_has_the_name()
    {
        var first = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var wanted = Organization("acme-two", "Acme", "two.example");

        var second = await Directory.EnsureOrganizationAsync(wanted, None);

        (second.Name, second.Alias).ShouldBe(("Acme (acme-two)", "acme-two"));
        second.Id.ShouldNotBe(first.Id);
        (await Directory.FindOrganizationAsync(wanted.Tenant, None)).ShouldNotBeNull().Name.ShouldBe("Acme (acme-two)");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_keep_the_name_with_the_slug_whether_the_better_one_is_free_or_not(bool free)
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var first = lastTenant;
        var wanted = Organization("acme-two", "Acme", null);
        var made = await Directory.EnsureOrganizationAsync(wanted, None);
        if (free)
            await Directory.DeleteOrganizationAsync(first, None);

        var again = await Directory.EnsureOrganizationAsync(wanted, None);

        (again.Id, again.Name).ShouldBe((made.Id, "Acme (acme-two)"));
    }

    [Fact]
    public async Task Should_repair_a_name_with_the_slug_when_another_tenant_has_it()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var made = await Directory.EnsureOrganizationAsync(Organization("other", "Other", null), None);

        await Directory.EnsureOrganizationAsync(new(lastTenant, Slug.Parse("other"), "Acme", null), None);

        var found = (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull();
        (found.Id, found.Name).ShouldBe((made.Id, "Acme (other)"));
    }

    [Fact]
    public async Task Should_delete_of_two_organisations_of_one_name_the_tenants_own()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var first = lastTenant;
        await Directory.EnsureOrganizationAsync(Organization("acme-two", "Acme", null), None);

        await Directory.DeleteOrganizationAsync(lastTenant, None);

        (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldBeNull();
        (await Directory.FindOrganizationAsync(first, None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_let_every_one_of_racing_tenants_of_one_name_have_an_organisation()
    {
        var wanted = Enumerable.Range(0, 6).Select(i => Organization($"acme-{i}", "Acme", null)).ToList();

        var made = await Task.WhenAll(wanted.Select(w => Directory.EnsureOrganizationAsync(w, None)));

        made.Count(o => o.Name == "Acme").ShouldBe(1);
        made.Select(o => o.Name).Distinct().Count().ShouldBe(6);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_refuse_permanently_when_others_hold_every_name(bool session)
    {
        if (session)
            await Directory.EnsureOrganizationAsync(Organization("other", "Other", null), None);
        var tenant = session ? lastTenant : NewTenant();
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        await Directory.EnsureOrganizationAsync(Organization("mean", "Acme (other)", null), None);

        var refused = await FailureOfAsync(() => Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("other"), "Acme", null), None));

        (refused.Failure.Code, refused.Failure.Transient).ShouldBe((DirectoryFailures.OrganizationNameTaken, false));
        (await Directory.FindOrganizationAsync(tenant, None))?.Name.ShouldBe("Other");
    }

    [Fact]
    public async Task Should_refuse_a_domain_that_another_tenant_holds_when_repairing()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", "acme.example"), None);
        await Directory.EnsureOrganizationAsync(Organization("other", "Other", "other.example"), None);

        var refused = await FailureOfAsync(() => Directory.EnsureOrganizationAsync(new(lastTenant, Slug.Parse("other"), "Other", "acme.example"), None));

        refused.Failure.Code.ShouldBe(DirectoryFailures.DomainTaken);
        (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull().Domains.ShouldBe(["other.example"]);
    }

    [Fact]
    public async Task Should_refuse_to_change_an_alias()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);

        var refused = await FailureOfAsync(() => Directory.EnsureOrganizationAsync(new(lastTenant, Slug.Parse("acme-two"), "Acme", null), None));

        refused.Failure.Code.ShouldBe(DirectoryFailures.AliasDiffers);
    }

    [Fact]
    public async Task Should_let_one_of_racing_tenants_have_the_alias()
    {
        var wanted = Enumerable.Range(0, 6).Select(i => Organization("acme", $"Acme {i}", null)).ToList();

        var outcomes = await Task.WhenAll(wanted.Select(w => OutcomeOfAsync(() => Directory.EnsureOrganizationAsync(w, None))));

        outcomes.Count(o => o is null).ShouldBe(1);
        outcomes.OfType<StepFailureException>().Select(e => e.Failure.Code).ShouldAllBe(c => c == DirectoryFailures.OrganizationTaken);
    }
}
