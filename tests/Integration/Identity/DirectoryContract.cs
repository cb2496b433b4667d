using Saga.Contracts.Identifiers;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>What every directory does, whatever is behind it.</summary>
public abstract class DirectoryContract : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    protected IDirectory Directory { get; set; } = null!;

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Puts a user there that no provisioning made.</summary>
    protected abstract Task SeedUserAsync(string email, bool enabled, bool verified);

    [Fact]
    public async Task Should_make_an_organisation_and_find_it_by_its_tenant()
    {
        var wanted = Organization("acme", "Acme Ltd", "acme.example");

        var made = await Directory.EnsureOrganizationAsync(wanted, None);

        made.Alias.ShouldBe("acme");
        made.Name.ShouldBe("Acme Ltd");
        made.Domains.ShouldBe(["acme.example"]);
        made.Enabled.ShouldBeTrue();
        var found = await Directory.FindOrganizationAsync(wanted.Tenant, None);
        found.ShouldNotBeNull().Id.ShouldBe(made.Id);
        found.Domains.ShouldBe(["acme.example"]);
        (await Directory.FindOrganizationAsync(NewTenant(), None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_keep_the_organisation_that_is_there()
    {
        var wanted = Organization("acme", "Acme", "acme.example");
        var first = await Directory.EnsureOrganizationAsync(wanted, None);

        (await Directory.EnsureOrganizationAsync(wanted, None)).Id.ShouldBe(first.Id);
    }

    [Fact]
    public async Task Should_mend_name_and_domain_of_the_organisation_that_is_there()
    {
        var first = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var tenant = lastTenant;

        var mended = await Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme Ltd", "acme.example"), None);

        mended.Id.ShouldBe(first.Id);
        var found = (await Directory.FindOrganizationAsync(tenant, None)).ShouldNotBeNull();
        (found.Name, found.Domains.Single()).ShouldBe(("Acme Ltd", "acme.example"));
    }

    [Theory]
    [InlineData("acme", "Other", null, DirectoryFailures.OrganizationTaken)]
    [InlineData("other", "Other", "acme.example", DirectoryFailures.DomainTaken)]
    public async Task Should_refuse_for_good_what_another_tenant_holds(string slug, string name, string? domain, string code)
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
    public async Task Should_mend_a_name_with_the_slug_when_another_tenant_has_it()
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
    public async Task Should_refuse_for_good_when_others_hold_every_name(bool mending)
    {
        if (mending)
            await Directory.EnsureOrganizationAsync(Organization("other", "Other", null), None);
        var tenant = mending ? lastTenant : NewTenant();
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        await Directory.EnsureOrganizationAsync(Organization("mean", "Acme (other)", null), None);

        var refused = await FailureOfAsync(() => Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("other"), "Acme", null), None));

        (refused.Failure.Code, refused.Failure.Transient).ShouldBe((DirectoryFailures.OrganizationNameTaken, false));
        (await Directory.FindOrganizationAsync(tenant, None))?.Name.ShouldBe("Other");
    }

    [Fact]
    public async Task Should_refuse_a_domain_that_another_tenant_holds_when_mending()
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
    public async Task Should_make_one_organisation_of_racing_attempts()
    {
        var wanted = Organization("acme", "Acme", "acme.example");

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Directory.EnsureOrganizationAsync(wanted, None)));

        made.Select(o => o.Id).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Should_let_one_of_racing_tenants_have_the_alias()
    {
        var wanted = Enumerable.Range(0, 6).Select(i => Organization("acme", $"Acme {i}", null)).ToList();

        var outcomes = await Task.WhenAll(wanted.Select(w => OutcomeOfAsync(() => Directory.EnsureOrganizationAsync(w, None))));

        outcomes.Count(o => o is null).ShouldBe(1);
        outcomes.OfType<StepFailureException>().Select(e => e.Failure.Code).ShouldAllBe(c => c == DirectoryFailures.OrganizationTaken);
    }

    [Fact]
    public async Task Should_delete_an_organisation_and_leave_its_users()
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, "ann@acme.example", None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);

        await Directory.DeleteOrganizationAsync(lastTenant, None);

        (await Directory.FindOrganizationAsync(lastTenant, None)).ShouldBeNull();
        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldNotBeNull();
        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        await Directory.DeleteOrganizationAsync(lastTenant, None);
    }

    [Fact]
    public async Task Should_delete_nothing_of_another_tenant()
    {
        await Directory.EnsureOrganizationAsync(Organization("acme", "Acme", null), None);
        var acme = lastTenant;

        await Directory.DeleteOrganizationAsync(NewTenant(), None);

        (await Directory.FindOrganizationAsync(acme, None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_make_a_user_marked_as_the_tenants_with_actions_to_do()
    {
        var tenant = NewTenant();

        var made = await Directory.EnsureUserAsync(tenant, "Ann@Acme.example", None);

        made.Email.ShouldBe("ann@acme.example");
        made.MadeFor.ShouldBe(tenant);
        made.EmailVerified.ShouldBeFalse();
        made.RequiredActions.ShouldBe(["VERIFY_EMAIL", "UPDATE_PASSWORD"]);
        var found = (await Directory.FindUserAsync("ANN@acme.example", None)).ShouldNotBeNull();
        (found.Id, found.MadeFor, found.Enabled).ShouldBe((made.Id, tenant, true));
    }

    [Fact]
    public async Task Should_keep_the_user_that_is_there_and_whose_it_is()
    {
        var first = NewTenant();
        var made = await Directory.EnsureUserAsync(first, "ann@acme.example", None);

        (await Directory.EnsureUserAsync(first, "ann@acme.example", None)).Id.ShouldBe(made.Id);
        var forAnother = await Directory.EnsureUserAsync(NewTenant(), "ann@acme.example", None);

        (forAnother.Id, forAnother.MadeFor).ShouldBe((made.Id, first));
    }

    [Fact]
    public async Task Should_make_one_user_of_racing_attempts()
    {
        var tenant = NewTenant();

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Directory.EnsureUserAsync(tenant, "ann@acme.example", None)));

        made.Select(u => u.Id).Distinct().Count().ShouldBe(1);
    }

    [Theory]
    [InlineData(true, false, DirectoryFailures.UserUnverified)]
    [InlineData(false, true, DirectoryFailures.UserDisabled)]
    public async Task Should_refuse_a_user_that_nobody_vouches_for(bool enabled, bool verified, string code)
    {
        await SeedUserAsync("ann@acme.example", enabled, verified);

        var refused = await FailureOfAsync(() => Directory.EnsureUserAsync(NewTenant(), "ann@acme.example", None));

        (refused.Failure.Code, refused.Failure.Transient).ShouldBe((code, false));
    }

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

        var made = (await Directory.EnsureAdministratorAsync(lastTenant, "Ann@Acme.example", None)).ShouldNotBeNull();
        var again = (await Directory.EnsureAdministratorAsync(lastTenant, "ann@acme.example", None)).ShouldNotBeNull();

        (again.Id, again.MadeFor).ShouldBe((made.Id, lastTenant));
        (await Directory.IsMemberAsync(organization.Id, made.Id, None)).ShouldBeTrue();
        (await Directory.RolesAsync(made.Id, None)).ShouldBe([DirectoryRoles.TenantAdmin]);
    }

    [Fact]
    public async Task Should_make_no_administrator_without_an_organisation()
    {
        (await Directory.EnsureAdministratorAsync(NewTenant(), "ann@acme.example", None)).ShouldBeNull();

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
    public async Task Should_grant_a_role_once_and_tell_it()
    {
        var user = await Directory.EnsureUserAsync(NewTenant(), "ann@acme.example", None);
        (await Directory.RolesAsync(user.Id, None)).ShouldBeEmpty();

        await Directory.EnsureRoleAsync(user.Id, DirectoryRoles.TenantAdmin, None);
        await Directory.EnsureRoleAsync(user.Id, DirectoryRoles.TenantAdmin, None);

        (await Directory.RolesAsync(user.Id, None)).ShouldBe([DirectoryRoles.TenantAdmin]);
    }

    [Fact]
    public async Task Should_grant_a_role_to_many_users_at_once()
    {
        var users = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Directory.EnsureUserAsync(NewTenant(), $"ann{i}@acme.example", None)));

        await Task.WhenAll(users.Select(u => Directory.EnsureRoleAsync(u.Id, DirectoryRoles.TenantAdmin, None)));

        foreach (var user in users)
            (await Directory.RolesAsync(user.Id, None)).ShouldBe([DirectoryRoles.TenantAdmin]);
    }

    [Fact]
    public async Task Should_release_a_user_made_for_the_tenant_by_deleting_it()
    {
        var (_, user) = await AdministratorAsync("acme", "ann@acme.example");

        await Directory.ReleaseUserAsync(lastTenant, "ann@acme.example", None);

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldBeNull();
        (await Directory.RolesAsync(user.Id, None)).ShouldBeEmpty();
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
    public async Task Should_leave_a_user_of_somebody_elses_without_membership_and_role()
    {
        await SeedUserAsync("ann@acme.example", enabled: true, verified: true);
        var (organization, user) = await AdministratorAsync("acme", "ann@acme.example");

        await Directory.ReleaseUserAsync(lastTenant, "ann@acme.example", None);

        (await Directory.FindUserAsync("ann@acme.example", None)).ShouldNotBeNull().Id.ShouldBe(user.Id);
        (await Directory.IsMemberAsync(organization.Id, user.Id, None)).ShouldBeFalse();
        (await Directory.RolesAsync(user.Id, None)).ShouldBeEmpty();
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
        (await Directory.RolesAsync(user.Id, None)).ShouldBe([DirectoryRoles.TenantAdmin]);
    }

    protected static TenantId NewTenant() => new(Guid.CreateVersion7());

    private TenantId lastTenant;

    private OrganizationSpec Organization(string slug, string name, string? domain) =>
        new(lastTenant = NewTenant(), Slug.Parse(slug), name, domain);

    private async Task<(DirectoryOrganization Organization, DirectoryUser User)> AdministratorAsync(string slug, string email)
    {
        var organization = await Directory.EnsureOrganizationAsync(Organization(slug, slug, null), None);
        var user = await Directory.EnsureUserAsync(lastTenant, email, None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);
        await Directory.EnsureRoleAsync(user.Id, DirectoryRoles.TenantAdmin, None);
        return (organization, user);
    }

    private static Task<StepFailureException> FailureOfAsync(Func<Task> act) => Should.ThrowAsync<StepFailureException>(act);

    private static async Task<Exception?> OutcomeOfAsync(Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (StepFailureException e)
        {
            return e;
        }
    }
}
