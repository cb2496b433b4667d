using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Members and administrators: created once, and released together with everything created for them.</summary>
public abstract partial class DirectoryContract
{
    [Fact]
    public async Task Should_make_a_member_once()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, "ann@acme.example", None);
        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeFalse();

        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);

        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_make_an_administrator_once()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);

        var made = (await Directory.EnsureAdministratorAsync(lastTenant, null, "Ann@Acme.example", None)).ShouldNotBeNull();
        var again = (await Directory.EnsureAdministratorAsync(lastTenant, null, "ann@acme.example", None)).ShouldNotBeNull();

        (again.Id, again.MadeFor).ShouldBe((made.Id, lastTenant));
        (await Directory.IsMemberAsync(organization.Id, made.Id, None)).ShouldBeTrue();
        (await Directory.AdministersAsync(organization.Id, made.Id, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_make_no_administrator_without_an_organisation()
    {
        (await Directory.EnsureAdministratorAsync(NewTenant(), null, "ann@acme.example", None)).ShouldBeNull();

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_refuse_a_member_that_does_not_exist()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);

        var refused = await FailureOfAsync(() => Directory.EnsureMemberAsync(organization.Id, Guid.NewGuid().ToString(), None));

        refused.Failure.Transient.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_make_a_member_an_administrator_once()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, "ann@acme.example", None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeFalse();

        await Directory.EnsureAdministersAsync(organization.Id, user.Id, None);
        await Directory.EnsureAdministersAsync(organization.Id, user.Id, None);

        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();
    }

    [IsolationSuite]
    [Fact]
    public async Task Should_not_make_the_administrator_of_one_tenant_anothers_by_joining_it()
    {
        var (acme, ann) = await AdministratorAsync("acme", "ann@acme.example");
        var (beta, bob) = await AdministratorAsync("beta", "bob@beta.example");

        await Directory.EnsureMemberAsync(beta.Id, ann.Id, None);

        (await Directory.AdministersAsync(acme.Id, ann.Id, None)).ShouldBeTrue();
        (await Directory.IsMemberAsync(beta.Id, ann.Id, None)).ShouldBeTrue();
        (await Directory.AdministersAsync(beta.Id, ann.Id, None)).ShouldBeFalse();
        (await Directory.AdministersAsync(beta.Id, bob.Id, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_not_make_an_administrator_of_somebody_who_is_no_member()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, "ann@acme.example", None);

        var refused = await FailureOfAsync(() => Directory.EnsureAdministersAsync(organization.Id, user.Id, None));

        refused.Failure.Transient.ShouldBeFalse();
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_make_many_administrators_of_one_tenant_at_once()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var users = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Directory.EnsureUserAsync(lastTenant, $"ann{i}@acme.example", None)));
        await Task.WhenAll(users.Select(u => Directory.EnsureMemberAsync(organization.Id, u.Id, None)));

        await Task.WhenAll(users.Select(u => Directory.EnsureAdministersAsync(organization.Id, u.Id, None)));

        foreach (var user in users)
            (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_release_a_user_made_for_the_tenant_by_deleting_it()
    {
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");

        await Directory.ReleaseUserAsync(lastTenant, "ann@acme.example", None);

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldBeNull();
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        await Directory.ReleaseUserAsync(lastTenant, "ann@acme.example", None);
    }

    [Fact]
    public async Task Should_release_a_user_whose_membership_was_never_made()
    {
        var tenant = NewTenant();
        await Directory.EnsureUserAsync(tenant, "ann@acme.example", None);

        await Directory.ReleaseUserAsync(tenant, "ann@acme.example", None);

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_leave_a_user_of_somebody_elses_without_membership_and_group()
    {
        await SeedUserAsync("ann@acme.example", enabled: true, verified: true);
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");

        await Directory.ReleaseUserAsync(lastTenant, "ann@acme.example", None);

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldNotBeNull().Id.ShouldBe(user.Id);
        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);
        (await Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeFalse("who comes back is no administrator");
    }

    [Fact]
    public async Task Should_leave_a_user_that_administers_another_tenant_as_well()
    {
        var (acme, user) = await AdministratorAsync("acme", "ann@acme.example");
        var first = lastTenant;
        var (other, _) = await AdministratorAsync("other", "ann@acme.example");

        await Directory.ReleaseUserAsync(first, "ann@acme.example", None);

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldNotBeNull();
        (await Directory.IsMemberAsync(acme.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.IsMemberAsync(other.Id, user.Id, None)).ShouldBeTrue();
        (await Directory.AdministersAsync(acme.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.AdministersAsync(other.Id, user.Id, None)).ShouldBeTrue();
    }
}
