using Saga.Contracts.Identifiers;
using Saga.Contracts.Tokens;
using Saga.Tests.Support.Keycloak.Real;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary><c>deploy/keycloak/realm.json</c> in a real Keycloak, as it is.</summary>
public sealed class When_the_realm_file_is_imported : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private RealRealm realm = null!;

    public async ValueTask InitializeAsync()
    {
        var missing = await RealKeycloak.MissingAsync();
        Assert.SkipWhen(missing is not null, missing ?? "");
        realm = await RealRealm.ImportAsync(RealmFile.Read());
    }

    public async ValueTask DisposeAsync()
    {
        if (realm is not null)
            await realm.DisposeAsync();
    }

    [Fact]
    public async Task Should_lack_nothing()
    {
        await using (var connection = Connect())
        {
            var report = await connection.CheckAsync();
            report.Faults.ShouldBeEmpty();
            report.NotChecked.ShouldHaveSingleItem().ShouldContain("view-clients");
        }

        await realm.GrantServiceAccountAsync("view-clients");

        await using var seeing = Connect();
        var whole = await seeing.CheckAsync();
        (whole.Faults.Count, whole.NotChecked.Count).ShouldBe((0, 0), string.Join('\n', whole.Faults));
    }

    [Fact]
    public async Task Should_tell_the_administrator_of_one_tenant_from_the_member_of_another_in_one_token()
    {
        await using var connection = Connect();
        var directory = connection.Directory;
        var (acme, ann) = await ProvisionAsync(directory, "acme", "ann@acme.example");
        var (beta, bob) = await ProvisionAsync(directory, "beta", "bob@beta.example");

        await directory.EnsureMemberAsync(beta, ann, None);

        var claims = await realm.SignInAsync("saga-people", ann, "openid organization:*");
        claims.GetProperty("sub").GetString().ShouldBe(ann);
        claims.GetProperty("aud").ToString().ShouldContain("saga-api");
        OrganizationClaim.Read(claims).OrderBy(o => o.Alias, StringComparer.Ordinal).Select(o => (o.Alias, o.Id, o.Administers))
            .ShouldBe([("acme", acme, true), ("beta", beta, false)]);
        OrganizationClaim.Read(await realm.SignInAsync("saga-people", bob, "openid organization:*")).ShouldHaveSingleItem().Administers.ShouldBeTrue();
        OrganizationClaim.Read(await realm.SignInAsync("saga-people", ann, "openid organization:beta")).ShouldHaveSingleItem().Administers.ShouldBeFalse();
    }

    private KeycloakConnection Connect() => new(realm.Settings(), [("TimeoutSeconds", "60")]);

    private static async Task<(string Organization, string User)> ProvisionAsync(IDirectory directory, string slug, string email)
    {
        var tenant = new TenantId(Guid.CreateVersion7());
        var organization = await directory.EnsureOrganizationAsync(new(tenant, Slug.Parse(slug), slug, null), None);
        return (organization.Id, (await directory.EnsureAdministratorAsync(tenant, organization.Id, email, None)).ShouldNotBeNull().Id);
    }
}
