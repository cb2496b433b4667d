using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_a_removed_tenants_users_belong_elsewhere : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TenantId acme = new(Guid.CreateVersion7());
    private KeycloakStub keycloak = null!;
    private KeycloakConnection connection = null!;
    private DirectoryOrganization organization = null!;

    private IDirectory Directory => connection.Directory;

    public async ValueTask InitializeAsync()
    {
        keycloak = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(keycloak);
        organization = await Directory.EnsureOrganizationAsync(new(acme, Slug.Parse("acme"), "Acme", null), None);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await keycloak.DisposeAsync();
        keycloak.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_those_with_a_role_a_group_or_a_link_to_an_identity_provider()
    {
        keycloak.AddRole("operator");
        (await MemberAsync("role")).Roles.Add("operator");
        (await MemberAsync("client")).ClientRoles.Add("console/viewer");
        (await MemberAsync("group")).Groups.Add("staff");
        (await MemberAsync("link")).Links.Add("google");
        await MemberAsync("plain");

        (await RemoveAsync()).ShouldBe(new RemovedMembers(1, 4));

        keycloak.Users.Select(u => u.Username.Split('@')[0]).Order(StringComparer.Ordinal).ShouldBe(["client", "group", "link", "role"]);
        keycloak.Organizations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_go_through_all_pages()
    {
        for (var i = 0; i < 230; i++)
        {
            var user = await MemberAsync($"user{i:000}");
            if (i % 3 == 0)
                user.Links.Add("google");
        }

        (await RemoveAsync()).ShouldBe(new RemovedMembers(153, 77));

        keycloak.Users.Count.ShouldBe(77);
        keycloak.Organizations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_go_on_where_it_was_cut_short()
    {
        await MemberAsync("ann");
        await MemberAsync("bob");
        keycloak.Arm("DELETE", "users/{user-id}", new KeycloakFault { Status = 403 });

        await Should.ThrowAsync<StepFailureException>(RemoveAsync);
        keycloak.Users.Count.ShouldBe(2);
        keycloak.Organizations.Single().Members.Count.ShouldBe(2, "nobody leaves the organisation before the users are deleted: they would be forgotten");
        (await RemoveAsync()).ShouldBe(new RemovedMembers(2, 0));

        keycloak.Users.ShouldBeEmpty();
    }

    private async Task<StubUser> MemberAsync(string name)
    {
        var user = await Directory.EnsureUserAsync(acme, $"{name}@acme.example", None);
        await Directory.EnsureMemberAsync(organization.Id, user.Id, None);
        return keycloak.Users.Single(u => u.Id == user.Id);
    }

    private Task<RemovedMembers> RemoveAsync() => Directory.RemoveOrganizationAsync(acme, (_, _) => Task.FromResult(true), null, None);
}
