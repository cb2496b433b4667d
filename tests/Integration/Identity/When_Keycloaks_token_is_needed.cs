using Saga.Contracts.Identifiers;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_Keycloaks_token_is_needed
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TenantId Tenant = new(Guid.CreateVersion7());

    [Fact]
    public async Task Should_ask_once_for_many_callers()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => connection.Directory.FindOrganizationAsync(Tenant, None)));

        stub.TokensGiven.ShouldBe(1);
    }

    [Fact]
    public async Task Should_renew_ahead_of_the_end()
    {
        var time = new TestClock(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { TokenLifetime = TimeSpan.FromSeconds(100), Time = time });
        await using var connection = new KeycloakConnection(stub, time: time);
        await connection.Directory.FindOrganizationAsync(Tenant, None);

        time.Advance(TimeSpan.FromSeconds(79));
        await connection.Directory.FindOrganizationAsync(Tenant, None);
        stub.TokensGiven.ShouldBe(1);

        time.Advance(TimeSpan.FromSeconds(2));
        await connection.Directory.FindOrganizationAsync(Tenant, None);
        stub.TokensGiven.ShouldBe(2);
        stub.Calls.ShouldNotContain(c => c.Status == 401);
    }

    [Fact]
    public async Task Should_continue_with_a_good_token_while_no_new_one_is_to_be_had()
    {
        var time = new TestClock(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { TokenLifetime = TimeSpan.FromSeconds(100), Time = time });
        await using var connection = new KeycloakConnection(stub, [("Retries", "0")], time);
        await connection.Directory.FindOrganizationAsync(Tenant, None);
        stub.Arm("POST", "token", new KeycloakFault { Status = 503 }, times: 2);

        time.Advance(TimeSpan.FromSeconds(90));
        (await connection.Directory.FindOrganizationAsync(Tenant, None)).ShouldBeNull();

        time.Advance(TimeSpan.FromSeconds(20));
        (await Should.ThrowAsync<StepFailureException>(() => connection.Directory.FindOrganizationAsync(Tenant, None))).Failure.Transient.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_fetch_another_when_one_is_refused_early()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        await connection.Directory.FindOrganizationAsync(Tenant, None);
        stub.RevokeTokens();

        var made = await connection.Directory.EnsureUserAsync(Tenant, "ann@acme.example", None);

        made.MadeFor.ShouldBe(Tenant);
        stub.TokensGiven.ShouldBe(2);
        stub.Calls.Count(c => c.Status == 401).ShouldBe(1);
    }

    [Fact]
    public async Task Should_give_up_permanently_when_a_fresh_one_is_refused()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "organizations", new KeycloakFault { Status = 401, Body = """{"error":"HTTP 401 Unauthorized"}""" }, times: 9);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => connection.Directory.FindOrganizationAsync(Tenant, None))).Failure;

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.CredentialsRefused, false));
        stub.Calls.Count(c => c.Status == 401).ShouldBe(2);
    }

    [Fact]
    public async Task Should_give_up_permanently_and_keep_the_secret_when_it_is_wrong()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub, [("ClientSecret", "not-the-secret")]);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => connection.Directory.FindOrganizationAsync(Tenant, None))).Failure;

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.CredentialsRefused, false));
        failure.Remedy.ShouldNotBeNull().ShouldContain("Saga:Identity:Keycloak");
        failure.ToString().ShouldNotContain("not-the-secret");
    }
}
