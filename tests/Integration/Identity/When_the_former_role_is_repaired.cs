using Saga.Contracts.Steps;
using Saga.Registry.Tenants;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity.Repair;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>A realm of an earlier version, whose administrators have a role of the realm.</summary>
public sealed class When_the_former_role_is_repaired : IdentitySteps
{
    private const string Role = IFormerRole.Name;

    [Fact]
    public async Task Should_give_the_group_to_the_recorded_administrator_and_take_the_role()
    {
        var (organization, ann) = await FormerAsync();

        var report = await RepairAsync();

        organization.Administrators.ShouldBe([ann.Id]);
        ann.Roles.ShouldNotContain(Role);
        (report.Joined, report.Revoked, report.Skipped.Count, report.OtherHolders.Count).ShouldBe((1, 1, 0, 0));
    }

    [Fact]
    public async Task Should_list_other_holders_and_promote_none()
    {
        var (organization, ann) = await FormerAsync();
        // Another tenant's administrator who joined this tenant: with the role, this tenant's administrator as well.
        var bob = Stub.Add(new StubUser { Id = "bob", Username = "bob@beta.example", Email = "bob@beta.example", Roles = { Role } });
        organization.Members.Add(bob.Id);

        var report = await RepairAsync();

        organization.Administrators.ShouldBe([ann.Id]);
        report.OtherHolders.ShouldHaveSingleItem().Id.ShouldBe(bob.Id);
        bob.Roles.ShouldContain(Role);
    }

    [Fact]
    public async Task Should_find_a_holder_on_a_later_page()
    {
        await FormerAsync();
        for (var i = 0; i < 120; i++)
            Stub.Add(new StubUser { Id = $"u{i}", Username = $"u{i:000}", Email = $"u{i}@acme.example" });
        Stub.Add(new StubUser { Id = "zoe", Username = "zoe", Email = "zoe@acme.example", Roles = { Role } });

        (await RepairAsync()).OtherHolders.ShouldHaveSingleItem().Id.ShouldBe("zoe");
    }

    [Fact]
    public async Task Should_leave_an_administrator_who_left_the_organisation_alone()
    {
        var (organization, ann) = await FormerAsync();
        organization.Members.Clear();

        var report = await RepairAsync();

        organization.Administrators.ShouldBeEmpty();
        report.Skipped.ShouldHaveSingleItem().ShouldContain("acme");
        report.OtherHolders.ShouldHaveSingleItem().Id.ShouldBe(ann.Id);
    }

    [Fact]
    public async Task Should_finish_what_an_interruption_left()
    {
        var (organization, ann) = await FormerAsync();
        Stub.Arm("DELETE", "users/{user-id}/role-mappings/realm", new KeycloakFault { Status = 400 });
        await Should.ThrowAsync<Exception>(RepairAsync);
        organization.Administrators.ShouldBe([ann.Id], "the group comes first, so that nobody is left with neither");

        await RepairAsync();
        var report = await RepairAsync();

        organization.Administrators.ShouldBe([ann.Id]);
        ann.Roles.ShouldNotContain(Role);
        (report.Joined, report.Revoked).ShouldBe((0, 0));
    }

    // As an earlier version left it: an active tenant, a member with the role, and no group.
    private async Task<(StubOrganization Organization, StubUser User)> FormerAsync()
    {
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
        var (organization, user) = (Stub.Organizations.Single(), Stub.Users.Single());
        organization.Groups.Clear();
        Stub.AddRole(Role);
        user.Roles.Add(Role);
        await using var command = Registry.CreateCommand("update tenants set status = 'active'");
        await command.ExecuteNonQueryAsync();
        return (organization, user);
    }

    private async Task<AdministratorRepairReport> RepairAsync() =>
        await new AdministratorRepair(Connection.Directory, Connection.FormerRole, new TenantListing(Registry)).RunAsync(None);
}
