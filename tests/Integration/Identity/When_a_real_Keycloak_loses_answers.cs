using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;
using Saga.Tests.Support.Keycloak.Real;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>As with the stub: what took effect without an answer is found again, and no POST is repeated blindly.</summary>
public sealed class When_a_real_Keycloak_loses_answers : IAsyncLifetime
{
    private const string Groups = "organizations/{org-id}/groups";
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TenantId tenant = new(Guid.CreateVersion7());
    private RealServer server = null!;
    private KeycloakConnection connection = null!;

    private IDirectory Directory => connection.Directory;

    private OrganizationSpec Acme => new(tenant, Slug.Parse("acme"), "Acme", "acme.example");

    public async ValueTask InitializeAsync()
    {
        server = await RealServer.StartAsync();
        connection = server.Connect();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is null)
            return;
        await connection.DisposeAsync();
        await server.DisposeAsync();
        server.Front.Violations.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Should_find_the_organisation_again(int? status)
    {
        server.Front.Arm("POST", "organizations", new KeycloakFault { LoseAnswer = status is null, StatusAfterActing = status });

        var made = await Directory.EnsureOrganizationAsync(Acme, None);

        RealRealm.Ids(await server.Realm.OrganizationsAsync()).ShouldBe([made.Id]);
        CallsOf("POST", "organizations").ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_that_another_attempt_may_help_when_nothing_was_made()
    {
        server.Front.Arm("POST", "organizations", new KeycloakFault { Drop = true });

        var failure = (await Should.ThrowAsync<StepFailureException>(() => Directory.EnsureOrganizationAsync(Acme, None))).Failure;

        (failure.Code, failure.Transient, failure.System).ShouldBe((KeycloakFailures.Unavailable, true, "keycloak"));
        (await server.Realm.OrganizationsAsync()).ShouldBeEmpty();
        (await Directory.EnsureOrganizationAsync(Acme, None)).Id.ShouldBe(RealRealm.Ids(await server.Realm.OrganizationsAsync()).Single());
    }

    [Theory]
    [InlineData("POST", "users")]
    [InlineData("POST", "organizations/{org-id}/members")]
    [InlineData("POST", Groups)]
    [InlineData("PUT", Groups + "/{group-id}/members/{userId}")]
    public async Task Should_make_the_administrator_whichever_answer_is_lost(string method, string route)
    {
        var organization = await Directory.EnsureOrganizationAsync(Acme, None);
        server.Front.Arm(method, route, new KeycloakFault { LoseAnswer = true });

        var made = (await Directory.EnsureAdministratorAsync(tenant, null, "ann@acme.example", None)).ShouldNotBeNull();

        made.MadeFor.ShouldBe(tenant);
        RealRealm.Ids(await server.Realm.UsersAsync()).ShouldBe([made.Id]);
        (await server.Realm.MembersAsync(organization.Id)).ShouldBe([made.Id]);
        (await Directory.AdministersAsync(organization.Id, made.Id, None)).ShouldBeTrue();
        // A PUT may be repeated.
        CallsOf(method, route).ShouldBe(method == "PUT" ? 2 : 1);
    }

    [Fact]
    public async Task Should_repeat_what_may_be_repeated()
    {
        await Directory.EnsureOrganizationAsync(Acme, None);
        server.Front.Arm("GET", "organizations", new KeycloakFault { LoseAnswer = true });
        server.Front.Arm("DELETE", "organizations/{org-id}", new KeycloakFault { LoseAnswer = true });

        await Directory.DeleteOrganizationAsync(tenant, None);

        (await server.Realm.OrganizationsAsync()).ShouldBeEmpty();
        server.Front.Calls.Where(c => c is { Method: "DELETE", Route: "organizations/{org-id}" }).Select(c => c.Status).ShouldBe([204, 404]);
    }

    private int CallsOf(string method, string route) => server.Front.Calls.Count(c => c.Method == method && c.Route == route);
}
