using Saga.Tests.Support.Keycloak.Real;
using Saga.Workers.Identity.Repair;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>What the check finds, and that it and the repair need no more than the two roles of provisioning.</summary>
public sealed class When_a_real_Keycloak_lacks_something
{
    [Theory]
    [InlineData("manage-organizations manage-users", true, true, "")]
    [InlineData("manage-realm manage-users", true, true, "")]
    [InlineData("manage-users", true, true, "lacks the role manage-organizations")]
    [InlineData("view-organizations manage-users", true, true, "lacks the role manage-organizations")]
    [InlineData("manage-organizations view-users", true, true, "lacks the role manage-users")]
    [InlineData("manage-organizations manage-users", false, true, "organizationsEnabled")]
    [InlineData("manage-organizations manage-users", true, false, "ADMIN_EDIT")]
    public async Task Should_name_it(string roles, bool organizations, bool attributes, string named)
    {
        await using var server = await RealServer.StartAsync(
            new RealRealmOptions { ServiceAccountRoles = roles.Split(' '), OrganizationsEnabled = organizations, UnmanagedUserAttributes = attributes });
        await using var connection = server.Connect();

        var faults = (await connection.CheckAsync()).Faults;

        if (named.Length == 0)
            faults.ShouldBeEmpty();
        else
            faults.ShouldHaveSingleItem().ShouldContain(named, Case.Sensitive);
        (await server.Realm.UsersAsync()).ShouldBeEmpty();
        server.Front.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_name_what_tokens_lack()
    {
        await using var server = await RealServer.StartAsync(
            new RealRealmOptions { ServiceAccountRoles = ["manage-organizations", "manage-users", "view-clients"] });
        await using var connection = server.Connect();

        var report = await connection.CheckAsync();

        report.NotChecked.ShouldBeEmpty();
        var words = string.Join('\n', report.Faults);
        words.ShouldContain("oidc-organization-group-membership-mapper");
        words.ShouldContain("jsonType.label 'String'. Set it to 'JSON'");
        words.ShouldContain("addOrganizationId");
    }

    [Fact]
    public async Task Should_list_and_revoke_the_former_role()
    {
        await using var server = await RealServer.StartAsync();
        await using var connection = server.Connect();
        var ann = await server.Realm.AddUserAsync("ann", "ann@acme.example");
        await server.Realm.AddUserAsync("bob", "bob@acme.example");
        await server.Realm.GrantNewRoleAsync(ann, IFormerRole.Name);
        (await HoldersAsync(connection.FormerRole)).ShouldBe([ann]);

        (await connection.FormerRole.RevokeAsync(ann, CancellationToken.None)).ShouldBeTrue();

        (await HoldersAsync(connection.FormerRole)).ShouldBeEmpty();
        (await connection.FormerRole.RevokeAsync(ann, CancellationToken.None)).ShouldBeFalse();
        server.Front.Violations.ShouldBeEmpty();
    }

    private static async Task<List<string>> HoldersAsync(IFormerRole role)
    {
        var found = new List<string>();
        await foreach (var holder in role.HoldersAsync(CancellationToken.None))
            found.Add(holder.Id);
        return found;
    }
}
