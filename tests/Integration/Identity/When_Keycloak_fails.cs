using System.Diagnostics;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_Keycloak_fails
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TenantId tenant = new(Guid.CreateVersion7());

    private OrganizationSpec Acme => new(tenant, Slug.Parse("acme"), "Acme", "acme.example");

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task Should_retry_a_safe_call(int status)
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "organizations", new KeycloakFault { Status = status }, times: 2);

        await connection.Directory.EnsureOrganizationAsync(Acme, None);

        stub.Calls.Where(c => c is { Method: "GET", Route: "organizations" }).Select(c => c.Status).ShouldBe([status, status, 200]);
        stub.Violations.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(500, """{"error":"unknown_error","error_description":"server log"}""", "unknown_error: server log", FailureKind.Transient, KeycloakFailures.ServerFailed)]
    [InlineData(503, """{"errorMessage":"down for a moment"}""", "down for a moment", FailureKind.Outage, KeycloakFailures.Unavailable)]
    [InlineData(502, "<html>Bad Gateway</html>", "no explanation", FailureKind.Outage, KeycloakFailures.Unavailable)]
    public async Task Should_classify_a_failure_in_either_error_format(int status, string body, string words, FailureKind kind, string code)
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "*", new KeycloakFault { Status = status, Body = body }, times: 100);

        var failure = await FailureOfAsync(() => connection.Directory.FindOrganizationAsync(tenant, None));

        (failure.Code, failure.Kind, failure.System).ShouldBe((code, kind, "keycloak"));
        failure.Message.ShouldContain(words);
    }

    [Theory, InlineData(429, null), InlineData(429, "7"), InlineData(503, "7")]
    public async Task Should_come_back_later_when_it_asks_for_less(int status, string? retryAfter)
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub, [("Retries", "0")]);
        stub.Arm("GET", "*", new KeycloakFault { Status = status, RetryAfter = retryAfter }, times: 100);

        var error = await Should.ThrowAsync<StepFailureException>(() => connection.Directory.FindOrganizationAsync(tenant, None));

        (error.Failure.Code, error.Failure.Kind, error.Failure.System).ShouldBe((KeycloakFailures.Busy, FailureKind.Overload, "keycloak"));
        error.RetryAfter.ShouldBe(retryAfter is null ? null : TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task Should_not_look_for_what_it_was_refused_for_its_load()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("POST", "organizations", new KeycloakFault { Status = 429 }, times: 100);

        var failure = await FailureOfAsync(() => connection.Directory.EnsureOrganizationAsync(Acme, None));

        failure.Kind.ShouldBe(FailureKind.Overload);
        stub.Calls.Where(c => c.Route == "organizations").Select(c => c.Method).ShouldBe(["GET", "POST"], "it has enough to do");
    }

    [Fact]
    public async Task Should_wait_as_long_as_it_is_asked_to()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "organizations", new KeycloakFault { Status = 429, RetryAfter = "1" });
        var watch = Stopwatch.StartNew();

        await connection.Directory.FindOrganizationAsync(tenant, None);

        watch.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(900));
    }

    [Fact]
    public async Task Should_treat_slowness_as_an_outage()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub, [("TimeoutSeconds", "0.1"), ("Retries", "1")]);
        stub.Arm("GET", "organizations", new KeycloakFault { Until = Task.Delay(Timeout.Infinite, None) }, times: 2);

        var failure = await FailureOfAsync(() => connection.Directory.FindOrganizationAsync(tenant, None));

        (failure.Code, failure.Kind, failure.System).ShouldBe((KeycloakFailures.Unavailable, FailureKind.Outage, "keycloak"));
        failure.Message.ShouldContain("0.1 s");
    }

    [Fact]
    public async Task Should_treat_an_unreachable_address_as_an_outage()
    {
        var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        await stub.DisposeAsync();

        var failure = await FailureOfAsync(() => connection.Directory.FindOrganizationAsync(tenant, None));

        (failure.Code, failure.Kind, failure.System).ShouldBe((KeycloakFailures.Unavailable, FailureKind.Outage, "keycloak"));
    }

    [Fact]
    public async Task Should_obey_a_cancellation()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "organizations", new KeycloakFault { Until = Task.Delay(Timeout.Infinite, None) });
        using var cancellationToken = new CancellationTokenSource();
        var call = connection.Directory.FindOrganizationAsync(tenant, cancellationToken.Token);

        await cancellationToken.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => call);
    }

    [Theory]
    [InlineData("manage-users", "manage-organizations")]
    [InlineData("manage-organizations", "manage-users")]
    public async Task Should_name_the_role_that_the_service_account_lacks(string granted, string lacking)
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { ServiceAccountRoles = [granted] });
        await using var connection = new KeycloakConnection(stub);

        var failure = await FailureOfAsync(async () =>
        {
            await connection.Directory.EnsureOrganizationAsync(Acme, None);
            await connection.Directory.EnsureUserAsync(tenant, "ann@acme.example", None);
        });

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.Forbidden, false));
        failure.Remedy.ShouldNotBeNull().ShouldContain(lacking);
        stub.Calls.Count(c => c.Status == 403).ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_that_the_realm_has_no_organisations()
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { OrganizationsEnabled = false });
        await using var connection = new KeycloakConnection(stub);

        var failure = await FailureOfAsync(() => connection.Directory.EnsureOrganizationAsync(Acme, None));

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.OrganizationsOff, false));
        failure.Message.ShouldContain("Organizations not enabled for this realm.");
        failure.Remedy.ShouldNotBeNull().ShouldContain("organizationsEnabled");
    }

    [Fact]
    public async Task Should_leave_no_user_behind_in_a_realm_that_drops_the_mark()
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { UnmanagedUserAttributes = false });
        await using var connection = new KeycloakConnection(stub);

        var failure = await FailureOfAsync(() => connection.Directory.EnsureUserAsync(tenant, "ann@acme.example", None));

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.UserAttributesOff, false));
        failure.Remedy.ShouldNotBeNull().ShouldContain("ADMIN_EDIT");
        stub.Users.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_leave_no_administrator_behind_in_a_realm_that_drops_the_mark(bool membershipFails)
    {
        await using var stub = await KeycloakStub.StartAsync(new KeycloakStubOptions { UnmanagedUserAttributes = false });
        await using var connection = new KeycloakConnection(stub);
        await connection.Directory.EnsureOrganizationAsync(Acme, None);
        if (membershipFails)
            stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { Drop = true });

        var failure = await FailureOfAsync(() => connection.Directory.EnsureAdministratorAsync(tenant, null, "ann@acme.example", None));

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.UserAttributesOff, false));
        stub.Users.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_refuse_permanently_what_Keycloak_refuses_for_reasons_of_its_own()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);

        var failure = await FailureOfAsync(() => connection.Directory.EnsureOrganizationAsync(Acme with { Domain = "-bad-.example" }, None));

        (failure.Code, failure.Transient).ShouldBe((KeycloakFailures.Refused, false));
        failure.Message.ShouldContain("-bad-.example");
    }

    [Fact]
    public async Task Should_not_mistake_another_organisation_for_the_tenants_when_the_search_is_ignored()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "organizations", new KeycloakFault { Status = 200, Body = """[{"id":"1","name":"Other","alias":"other","enabled":true,"attributes":{}}]""" });

        (await connection.Directory.FindOrganizationAsync(tenant, None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_say_what_it_could_not_read()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub);
        stub.Arm("GET", "organizations", new KeycloakFault { Status = 200, Body = "<html>Sign in</html>" });

        (await FailureOfAsync(() => connection.Directory.FindOrganizationAsync(tenant, None))).Code.ShouldBe(KeycloakFailures.Unintelligible);
    }

    private static async Task<Failure> FailureOfAsync(Func<Task> act) => (await Should.ThrowAsync<StepFailureException>(act)).Failure;
}
