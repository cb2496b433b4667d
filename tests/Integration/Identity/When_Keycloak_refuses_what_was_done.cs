using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>
/// Of several attempts that make the same call, one wins. Keycloak answers the others with 400, 409 or 500, depending on its database
/// and on the moment, although what they want is there.
/// </summary>
public sealed class When_Keycloak_refuses_what_was_done : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TenantId tenant = new(Guid.CreateVersion7());
    private KeycloakStub stub = null!;
    private KeycloakConnection connection = null!;

    public static TheoryData<string, string, int> Calls
    {
        get
        {
            var calls = new TheoryData<string, string, int>();
            foreach (var status in (int[])[400, 409, 500])
            {
                calls.Add("POST", "organizations", status);
                calls.Add("PUT", "organizations/{org-id}", status);
                calls.Add("POST", "users", status);
                calls.Add("POST", "organizations/{org-id}/members", status);
                calls.Add("POST", "organizations/{org-id}/groups", status);
                calls.Add("PUT", "organizations/{org-id}/groups/{group-id}/members/{userId}", status);
            }

            return calls;
        }
    }

    public async ValueTask InitializeAsync()
    {
        stub = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(stub);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await stub.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Should_see_that_it_is_there(string method, string route, int status)
    {
        var refused = """{"error":"conflict","error_description":"Duplicate resource error"}""";
        stub.Arm(method, route, new KeycloakFault { StatusAfterActing = status, Body = refused });

        await connection.Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme", "acme.example"), None);
        await connection.Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme Ltd", "acme.example"), None);
        var user = (await connection.Directory.EnsureAdministratorAsync(tenant, null, "ann@acme.example", None)).ShouldNotBeNull();

        stub.Calls.ShouldContain(c => c.Method == method && c.Route == route && c.Status == status);
        stub.Users.ShouldHaveSingleItem().Id.ShouldBe(user.Id);
        var organization = stub.Organizations.ShouldHaveSingleItem();
        organization.Name.ShouldBe("Acme Ltd");
        organization.Members.ShouldBe([user.Id]);
        (await connection.Directory.AdministersAsync(organization.Id, user.Id, None)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("POST", "organizations", 400)]
    [InlineData("POST", "users", 400)]
    [InlineData("POST", "organizations/{org-id}/members", 400)]
    public async Task Should_give_up_when_nothing_was_done(string method, string route, int status)
    {
        stub.Arm(method, route, new KeycloakFault { Status = status });

        var failure = (await Should.ThrowAsync<Saga.Workers.Runtime.StepFailureException>(async () =>
        {
            await connection.Directory.EnsureOrganizationAsync(new(tenant, Slug.Parse("acme"), "Acme", "acme.example"), None);
            await connection.Directory.EnsureAdministratorAsync(tenant, null, "ann@acme.example", None);
        })).Failure;

        failure.Transient.ShouldBeFalse();
    }
}
