using Npgsql;
using NSubstitute;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_the_identity_steps_run : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private NpgsqlDataSource registry = null!;
    private KeycloakStub stub = null!;
    private KeycloakConnection connection = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        stub = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(stub);
        tenant = await Seed.TenantAsync(registry, "acme", domain: "acme.example", adminEmail: "Ann@acme.example");
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await stub.DisposeAsync();
        await registry.DisposeAsync();
        stub.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_leave_an_organisation_and_an_administrator_that_the_registry_knows()
    {
        await ProvisionAsync();

        var row = await tenant.ReadAsync();
        var organization = stub.Organizations.ShouldHaveSingleItem();
        var user = stub.Users.ShouldHaveSingleItem();
        (row.OrganizationId, row.AdminUserId).ShouldBe((organization.Id, user.Id));
        (organization.Alias, organization.Domains.Single().Name).ShouldBe(("acme", "acme.example"));
        organization.Members.ShouldBe([user.Id]);
        user.Roles.ShouldBe(["tenant-admin"]);
        user.RequiredActions.ShouldBe(["VERIFY_EMAIL", "UPDATE_PASSWORD"]);
        await new IdentityVerification(connection.Directory).VerifyAsync(await tenant.BeginAsync(StepNames.Verify), None);
    }

    [Fact]
    public async Task Should_change_nothing_the_second_time()
    {
        await ProvisionAsync();
        var before = await tenant.ReadAsync();

        await ProvisionAsync();

        (await tenant.ReadAsync()).ShouldBeEquivalentTo(before);
        (stub.Organizations.Count, stub.Users.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_leave_nothing_after_compensation()
    {
        await ProvisionAsync();

        await CompensateAsync();

        stub.Organizations.ShouldBeEmpty();
        stub.Users.ShouldBeEmpty();
        var row = await tenant.ReadAsync();
        (row.OrganizationId, row.AdminUserId).ShouldBe((null, null));
        await CompensateAsync();
    }

    [Fact]
    public async Task Should_compensate_what_the_registry_never_heard_of()
    {
        // As after a crash between the effect and the commit.
        var organization = await connection.Directory.EnsureOrganizationAsync(new(tenant.Id, (await tenant.ReadAsync()).Slug, "acme", null), None);
        var user = await connection.Directory.EnsureUserAsync(tenant.Id, "ann@acme.example", None);
        await connection.Directory.EnsureMemberAsync(organization.Id, user.Id, None);

        await CompensateAsync();

        stub.Organizations.ShouldBeEmpty();
        stub.Users.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_the_user_of_somebody_else_when_it_compensates()
    {
        stub.Add(new StubUser { Id = "u-1", Username = "ann", Email = "ann@acme.example", EmailVerified = true });
        await ProvisionAsync();

        await CompensateAsync();

        stub.Users.ShouldHaveSingleItem().Roles.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_was_lost()
    {
        var stale = await tenant.BeginAsync(StepNames.Identity);
        await tenant.BeginAsync(StepNames.Identity);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.ExecuteAsync(stale, None));

        (await tenant.ReadAsync()).OrganizationId.ShouldBeNull();
    }

    [Fact]
    public async Task Should_say_when_the_organisation_is_gone_before_the_administrator_is_made()
    {
        var context = await tenant.BeginAsync(StepNames.Administrator);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => Administrator.ExecuteAsync(context, None))).Failure;

        (failure.Code, failure.Transient).ShouldBe((DirectoryFailures.OrganizationMissing, false));
        stub.Users.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_the_organisation_from_the_step_that_made_it()
    {
        await tenant.LeaveAsync(StepNames.Identity, (await Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None)).ShouldNotBeNull());
        var asked = CallsForOrganizations;

        await Administrator.ExecuteAsync(await tenant.BeginAsync(StepNames.Administrator), None);

        CallsForOrganizations.ShouldBe(asked, "it is not looked up again");
        stub.Organizations.Single().Members.ShouldBe([stub.Users.Single().Id]);
    }

    [Fact]
    public async Task Should_look_the_organisation_up_when_its_step_was_skipped()
    {
        await Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None);

        await Administrator.ExecuteAsync(await tenant.BeginAsync(StepNames.Administrator), None);

        stub.Organizations.Single().Members.ShouldBe([stub.Users.Single().Id]);
    }

    [Fact]
    public async Task Should_say_when_the_organisation_was_deleted_after_its_step()
    {
        await tenant.LeaveAsync(StepNames.Identity, (await Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None)).ShouldNotBeNull());
        await connection.Directory.DeleteOrganizationAsync(tenant.Id, None);
        var context = await tenant.BeginAsync(StepNames.Administrator);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => Administrator.ExecuteAsync(context, None))).Failure;

        (failure.Code, failure.Transient).ShouldBe((DirectoryFailures.OrganizationMissing, false));
        await CompensateAsync();
        stub.Users.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Should_not_fail_for_want_of_mail(bool smtp, bool mailed)
    {
        await using var mailing = await KeycloakStub.StartAsync(new KeycloakStubOptions { Smtp = smtp });
        await using var to = new KeycloakConnection(mailing, [("SendActionsEmail", "true")]);
        await new IdentityStep(to.Directory, new LeasedTransactions(registry)).ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None);

        await new AdministratorStep(to.Directory, new LeasedTransactions(registry)).ExecuteAsync(await tenant.BeginAsync(StepNames.Administrator), None);

        mailing.Users.Single().Mails.Count.ShouldBe(mailed ? 1 : 0);
        mailing.Calls.Count(c => c.Route == "users/{user-id}/execute-actions-email").ShouldBe(1);
        (await tenant.ReadAsync()).AdminUserId.ShouldNotBeNull();
        mailing.Violations.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("organisation")]
    [InlineData("disabled")]
    [InlineData("user")]
    [InlineData("user disabled")]
    [InlineData("member")]
    [InlineData("role")]
    [InlineData("registry")]
    [InlineData("registry's user")]
    public async Task Should_name_what_the_verification_misses(string missing)
    {
        await ProvisionAsync();
        var organization = stub.Organizations.Single();
        var user = stub.Users.Single();
        var directory = connection.Directory;
        switch (missing)
        {
            case "organisation": await directory.DeleteOrganizationAsync(tenant.Id, None); break;
            case "disabled": organization.Enabled = false; break;
            case "user": await directory.ReleaseUserAsync(tenant.Id, "ann@acme.example", None); break;
            case "user disabled": user.Enabled = false; break;
            case "member": organization.Members.Clear(); break;
            case "role": user.Roles.Clear(); break;
            case "registry": await SqlAsync("update tenants set organization_id = 'another'"); break;
            default: await SqlAsync("update tenants set admin_user_id = null"); break;
        }

        var verification = new IdentityVerification(directory);
        var failure = (await Should.ThrowAsync<StepFailureException>(async () => await verification.VerifyAsync(await tenant.BeginAsync(StepNames.Verify), None))).Failure;

        failure.Transient.ShouldBeFalse();
        failure.Message.ShouldContain(tenant.Id.ToString());
        failure.Remedy.ShouldNotBeNull().ShouldContain(missing is "user" or "user disabled" or "member" or "role" or "registry's user" ? $"'{StepNames.Administrator}'" : $"'{StepNames.Identity}'");
    }

    [Fact]
    public async Task Should_pass_on_what_the_directory_refuses()
    {
        var directory = Substitute.For<IDirectory>();
        directory.EnsureOrganizationAsync(default!, default).ReturnsForAnyArgs<DirectoryOrganization>(_ => throw StepFailureException.Permanent("organization-taken", "taken"));
        var step = new IdentityStep(directory, new LeasedTransactions(registry));

        (await Should.ThrowAsync<StepFailureException>(async () => await step.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None)))
            .Failure.Code.ShouldBe("organization-taken");

        (await tenant.ReadAsync()).OrganizationId.ShouldBeNull();
    }

    private int CallsForOrganizations => stub.Calls.Count(c => c is { Method: "GET", Route: "organizations" });

    private IdentityStep Identity => new(connection.Directory, new LeasedTransactions(registry));

    private AdministratorStep Administrator => new(connection.Directory, new LeasedTransactions(registry));

    private async Task ProvisionAsync()
    {
        await Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await tenant.BeginAsync(StepNames.Administrator), None);
    }

    private async Task CompensateAsync()
    {
        await Administrator.CompensateAsync(await tenant.BeginAsync(StepNames.Administrator), None);
        await Identity.CompensateAsync(await tenant.BeginAsync(StepNames.Identity), None);
    }

    private async Task SqlAsync(string sql)
    {
        await using var command = registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
