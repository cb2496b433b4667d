using Saga.Contracts.Identifiers;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>Calls that took effect without an answer are found again. Nothing is created twice, and no POST is repeated blindly.</summary>
public sealed class When_Keycloak_loses_answers : IAsyncLifetime
{
    private const string Groups = "organizations/{org-id}/groups";
    private const string GroupMember = "organizations/{org-id}/groups/{group-id}/members/{userId}";
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TenantId tenant = new(Guid.CreateVersion7());
    private KeycloakStub stub = null!;
    private KeycloakConnection connection = null!;

    private IDirectory Directory => connection.Directory;

    private OrganizationSpec Acme => new(tenant, Slug.Parse("acme"), "Acme", "acme.example");

    public async ValueTask InitializeAsync()
    {
        stub = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(stub);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await stub.DisposeAsync();
        stub.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_the_organisation_again()
    {
        stub.Arm("POST", "organizations", new KeycloakFault { LoseAnswer = true });

        var made = await Directory.EnsureOrganizationAsync(Acme, None);

        stub.Organizations.ShouldHaveSingleItem().Id.ShouldBe(made.Id);
        CallsOf("POST", "organizations").ShouldBe(1);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Should_find_the_organisation_again_when_the_answer_is_an_error(int status)
    {
        stub.Arm("POST", "organizations", new KeycloakFault { StatusAfterActing = status });

        var made = await Directory.EnsureOrganizationAsync(Acme, None);

        stub.Organizations.ShouldHaveSingleItem().Id.ShouldBe(made.Id);
        CallsOf("POST", "organizations").ShouldBe(1);
    }

    [Fact]
    public async Task Should_find_the_organisation_that_is_made_after_the_client_gave_up()
    {
        await using var hasty = new KeycloakConnection(stub, [("TimeoutSeconds", "0.15")]);
        stub.Arm("POST", "organizations", new KeycloakFault { Delay = TimeSpan.FromMilliseconds(400) });

        var made = await hasty.Directory.EnsureOrganizationAsync(Acme, None);

        stub.Organizations.ShouldHaveSingleItem().Id.ShouldBe(made.Id);
        CallsOf("POST", "organizations").ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_that_another_attempt_may_help_when_nothing_was_made()
    {
        stub.Arm("POST", "organizations", new KeycloakFault { Drop = true });

        var failure = (await Should.ThrowAsync<StepFailureException>(() => Directory.EnsureOrganizationAsync(Acme, None))).Failure;

        (failure.Code, failure.Transient, failure.System).ShouldBe((KeycloakFailures.Unavailable, true, "keycloak"));
        CallsOf("POST", "organizations").ShouldBe(1);
        stub.Organizations.ShouldBeEmpty();
        (await Directory.EnsureOrganizationAsync(Acme, None)).Id.ShouldBe(stub.Organizations.Single().Id);
    }

    [Fact]
    public async Task Should_find_the_user_again()
    {
        stub.Arm("POST", "users", new KeycloakFault { LoseAnswer = true });

        var made = await Directory.EnsureUserAsync(tenant, "ann@acme.example", None);

        stub.Users.ShouldHaveSingleItem().Id.ShouldBe(made.Id);
        made.MadeFor.ShouldBe(tenant);
        CallsOf("POST", "users").ShouldBe(1);
    }

    [Fact]
    public async Task Should_see_that_the_membership_was_made()
    {
        var (organization, user) = await AdministratorAsync();
        stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { LoseAnswer = true });

        await Directory.EnsureMemberAsync(organization, user, None);

        stub.Organizations.Single().Members.ShouldBe([user]);
        CallsOf("POST", "organizations/{org-id}/members").ShouldBe(1);
    }

    [Fact]
    public async Task Should_see_that_the_group_was_made_and_joined()
    {
        var (organization, user) = await AdministratorAsync();
        await Directory.EnsureMemberAsync(organization, user, None);
        stub.Arm("POST", Groups, new KeycloakFault { LoseAnswer = true });
        stub.Arm("PUT", GroupMember, new KeycloakFault { LoseAnswer = true });

        await Directory.EnsureAdministersAsync(organization, user, None);

        stub.Organizations.Single().Groups.ShouldHaveSingleItem();
        stub.Organizations.Single().Administrators.ShouldBe([user]);
        CallsOf("POST", Groups).ShouldBe(1);
        stub.Calls.Where(c => c.Route == GroupMember).Select(c => c.Status).ShouldBe([204, 409]);
    }

    [Theory]
    [InlineData("users")]
    [InlineData("organizations/{org-id}/members")]
    [InlineData(Groups)]
    public async Task Should_make_the_administrator_whichever_answer_is_lost(string route)
    {
        await Directory.EnsureOrganizationAsync(Acme, None);
        stub.Arm("POST", route, new KeycloakFault { LoseAnswer = true });

        var made = (await Directory.EnsureAdministratorAsync(tenant, null, "ann@acme.example", None)).ShouldNotBeNull();

        stub.Users.ShouldHaveSingleItem().Id.ShouldBe(made.Id);
        stub.Organizations.Single().Members.ShouldBe([made.Id]);
        stub.Organizations.Single().Administrators.ShouldBe([made.Id]);
        CallsOf("POST", route).ShouldBe(1);
    }

    [Fact]
    public async Task Should_repeat_what_may_be_repeated()
    {
        await Directory.EnsureOrganizationAsync(Acme, None);
        stub.Arm("GET", "organizations", new KeycloakFault { LoseAnswer = true });
        stub.Arm("DELETE", "organizations/{org-id}", new KeycloakFault { LoseAnswer = true });

        await Directory.DeleteOrganizationAsync(tenant, None);

        stub.Organizations.ShouldBeEmpty();
        stub.Calls.Where(c => c is { Method: "DELETE", Route: "organizations/{org-id}" }).Select(c => c.Status).ShouldBe([204, 404]);
    }

    private int CallsOf(string method, string route) => stub.Calls.Count(c => c.Method == method && c.Route == route);

    private async Task<(string Organization, string User)> AdministratorAsync()
    {
        var organization = await Directory.EnsureOrganizationAsync(Acme, None);
        var user = await Directory.EnsureUserAsync(tenant, "ann@acme.example", None);
        return (organization.Id, user.Id);
    }
}
