using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Organisations that change.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_change_what_an_update_names_and_keep_everything_else()
    {
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");
        await Directory.EnsureOrganizationAsync(new(lastTenant, Slug.Parse("acme"), "acme", "acme.example"), None);
        var update = Update("Bolt", "Makes anvils.", add: ["bolt.example", "acme.example"], remove: []);

        await Directory.UpdateOrganizationAsync(update, None);
        var updated = (await Directory.UpdateOrganizationAsync(update, None)).ShouldNotBeNull("a second time changes nothing");

        var found = (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull();
        (found.Id, found.Alias, found.Name, found.Enabled, found.Description).ShouldBe((organization.Id, "acme", "Bolt", true, "Makes anvils."));
        found.Domains.ShouldBe(["acme.example", "bolt.example"], ignoreOrder: true);
        (updated.Name, updated.Description).ShouldBe((found.Name, found.Description));
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();

        await Directory.UpdateOrganizationAsync(Update("acme", null, add: [], remove: ["bolt.example", "never.example"]), None);

        var back = (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldNotBeNull();
        (back.Name, back.Description ?? "", back.Domains.Single()).ShouldBe(("acme", "", "acme.example"));
    }

    [Fact]
    public async Task Should_keep_a_disabled_organisation_disabled_when_it_changes()
    {
        await AdministratorAsync("acme", "ann@acme.example");
        await Directory.DisableOrganizationAsync(lastTenant, None);

        (await Directory.UpdateOrganizationAsync(Update("Bolt", null, [], []), None))!.Enabled.ShouldBeFalse();

        (await Directory.FindOrganizationAsync(lastTenant, None))!.Enabled.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_take_the_name_with_the_slug_when_the_name_is_taken()
    {
        await Directory.EnsureOrganizationAsync(Organization("bolt", "Bolt", null), None);
        await AdministratorAsync("acme", "ann@acme.example");

        (await Directory.UpdateOrganizationAsync(Update("Bolt", null, [], []), None))!.Name.ShouldBe("Bolt (acme)");
    }

    [Fact]
    public async Task Should_say_that_a_domain_is_held_and_change_nothing()
    {
        await Directory.EnsureOrganizationAsync(Organization("bolt", "Bolt", "bolt.example"), None);
        await AdministratorAsync("acme", "ann@acme.example");

        var failure = (await FailureOfAsync(() => Directory.UpdateOrganizationAsync(Update("Cord", null, ["bolt.example"], []), None))).Failure;

        (failure.Code, failure.Kind).ShouldBe((DirectoryFailures.DomainTaken, FailureKind.Permanent));
        var found = (await Directory.FindOrganizationAsync(lastTenant, None))!;
        (found.Name, found.Domains.Count).ShouldBe(("acme", 0));
    }

    [Fact]
    public async Task Should_accept_that_there_is_no_organisation_to_change()
    {
        lastTenant = NewTenant();

        (await Directory.UpdateOrganizationAsync(Update("Bolt", null, [], []), None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_take_an_administrator_out_of_the_group_and_leave_the_member()
    {
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");

        await Directory.EndAdministersAsync(organization.Id, user.Id, None);
        await Directory.EndAdministersAsync(organization.Id, user.Id, None);

        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeTrue();
        await Directory.EnsureAdministersAsync(organization.Id, user.Id, None);
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();
    }

    private OrganizationUpdate Update(string name, string? description, string[] add, string[] remove) =>
        new() { Wanted = new(lastTenant, Slug.Parse("acme"), name, null, description), Add = add, Remove = remove };
}
