using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_a_suspended_tenants_members_are_signed_out : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private KeycloakStub keycloak = null!;
    private KeycloakConnection connection = null!;

    private IDirectory Directory => connection.Directory;

    public async ValueTask InitializeAsync()
    {
        keycloak = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(keycloak);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await keycloak.DisposeAsync();
    }

    [Fact]
    public async Task Should_end_the_sessions_of_those_who_belong_to_no_other_organisation()
    {
        var (acme, bolt) = (new TenantId(Guid.CreateVersion7()), new TenantId(Guid.CreateVersion7()));
        var first = await Directory.EnsureOrganizationAsync(new(acme, Slug.Parse("acme"), "Acme", null), None);
        var second = await Directory.EnsureOrganizationAsync(new(bolt, Slug.Parse("bolt"), "Bolt", null), None);
        var users = new List<DirectoryUser>();
        for (var i = 0; i < 130; i++)
        {
            users.Add(await Directory.EnsureUserAsync(acme, $"user{i}@acme.example", None));
            await Directory.EnsureMemberAsync(first.Id, users[i].Id, None);
        }

        await Directory.EnsureMemberAsync(second.Id, users[3].Id, None);

        (await Directory.DisableOrganizationAsync(acme, None)).ShouldBe(new DisabledOrganization(130, 129));

        SignedOut().ShouldBe(users.Where(u => u.Id != users[3].Id).Select(u => u.Id), ignoreOrder: true);
        (await Directory.DisableOrganizationAsync(bolt, None)).ShouldBe(new DisabledOrganization(1, 1), "the user's other organisation is disabled by now");
    }

    private IEnumerable<string> SignedOut() => keycloak.Calls.Where(c => c.Method == "POST" && c.Path.EndsWith("/logout", StringComparison.Ordinal)).Select(c => c.Path.Split('/')[^2]);
}
