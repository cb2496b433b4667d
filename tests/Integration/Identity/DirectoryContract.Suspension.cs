using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Organisations that are disabled and enabled again.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_disable_an_organisation_and_enable_it_as_it_was()
    {
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");
        await Directory.EnsureOrganizationAsync(new(lastTenant, Slug.Parse("acme"), "acme", "acme.example"), None);
        var before = (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull();

        (await Directory.DisableOrganizationAsync(lastTenant, None)).ShouldNotBeNull().Members.ShouldBe(1);

        var disabled = (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull();
        (disabled.Enabled, disabled.Name, disabled.Alias, disabled.Domains.Single()).ShouldBe((false, "acme", "acme", "acme.example"));
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();
        (await Directory.DisableOrganizationAsync(lastTenant, None)).ShouldNotBeNull("a second time changes nothing");

        await Directory.EnableOrganizationAsync(lastTenant, None);
        await Directory.EnableOrganizationAsync(lastTenant, None);

        var enabled = (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull();
        (enabled.Id, enabled.Enabled, enabled.Name, enabled.Alias, enabled.Domains.Single()).ShouldBe((before.Id, true, before.Name, before.Alias, before.Domains.Single()));
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_accept_that_there_is_no_organisation_to_disable()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var acme = lastTenant;

        (await Directory.DisableOrganizationAsync(NewTenant(), None)).ShouldBeNull();
        await Directory.EnableOrganizationAsync(NewTenant(), None);

        (await Directory.FindOrganizationAsync(acme, None))!.Enabled.ShouldBeTrue();
    }
}
