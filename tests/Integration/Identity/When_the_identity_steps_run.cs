using NSubstitute;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_the_identity_steps_run : IdentitySteps
{
    [Fact]
    public async Task Should_leave_an_organisation_and_an_administrator_that_the_registry_knows()
    {
        await ProvisionAsync();

        var row = await Tenant.ReadAsync();
        var organization = Stub.Organizations.ShouldHaveSingleItem();
        var user = Stub.Users.ShouldHaveSingleItem();
        (row.OrganizationId, row.AdminUserId).ShouldBe((organization.Id, user.Id));
        (organization.Alias, organization.Domains.Count).ShouldBe(("acme", 0), "the domain is not proved");
        organization.Members.ShouldBe([user.Id]);
        organization.Administrators.ShouldBe([user.Id]);
        user.Roles.ShouldBeEmpty("a role of the realm would hold in every organisation");
        user.RequiredActions.ShouldBe(["VERIFY_EMAIL", "UPDATE_PASSWORD"]);
        await new IdentityVerification(Connection.Directory).VerifyAsync(await Tenant.BeginAsync(StepNames.Verify), None);
    }

    [Fact]
    public async Task Should_link_the_domain_once_it_is_proved()
    {
        await ProvisionAsync();
        await using (var prove = Tenant.Registry.CreateCommand("insert into tenant_domains (tenant_id, domain, token, state, proved_at) select id, domain, 'token', 'proved', now() from tenants"))
            await prove.ExecuteNonQueryAsync(None);

        await ProvisionAsync();

        Stub.Organizations.ShouldHaveSingleItem().Domains.ShouldHaveSingleItem().Name.ShouldBe("acme.example");
    }

    [Fact]
    public async Task Should_change_nothing_the_second_time()
    {
        await ProvisionAsync();
        var before = await Tenant.ReadAsync();

        await ProvisionAsync();

        (await Tenant.ReadAsync()).ShouldBeEquivalentTo(before);
        (Stub.Organizations.Count, Stub.Users.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_leave_nothing_after_compensation()
    {
        await ProvisionAsync();

        await CompensateAsync();

        Stub.Organizations.ShouldBeEmpty();
        Stub.Users.ShouldBeEmpty();
        var row = await Tenant.ReadAsync();
        (row.OrganizationId, row.AdminUserId).ShouldBe((null, null));
        await CompensateAsync();
    }

    [Fact]
    public async Task Should_compensate_what_the_registry_never_heard_of()
    {
        // As after a crash between the effect and the commit.
        var organization = await Connection.Directory.EnsureOrganizationAsync(new(Tenant.Id, (await Tenant.ReadAsync()).Slug, "acme", null), None);
        var user = await Connection.Directory.EnsureUserAsync(Tenant.Id, "ann@acme.example", None);
        await Connection.Directory.EnsureMemberAsync(organization.Id, user.Id, None);

        await CompensateAsync();

        Stub.Organizations.ShouldBeEmpty();
        Stub.Users.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_the_user_of_somebody_else_when_it_compensates()
    {
        Stub.Add(new StubUser { Id = "u-1", Username = "ann", Email = "ann@acme.example", EmailVerified = true });
        await ProvisionAsync();

        await CompensateAsync();

        Stub.Users.ShouldHaveSingleItem().Id.ShouldBe("u-1");
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_was_lost()
    {
        var stale = await Tenant.BeginAsync(StepNames.Identity);
        await Tenant.BeginAsync(StepNames.Identity);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.ExecuteAsync(stale, None));

        (await Tenant.ReadAsync()).OrganizationId.ShouldBeNull();
    }

    [Fact]
    public async Task Should_say_when_the_organisation_is_gone_before_the_administrator_is_made()
    {
        var context = await Tenant.BeginAsync(StepNames.Administrator);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => Administrator.ExecuteAsync(context, None))).Failure;

        (failure.Code, failure.Transient).ShouldBe((DirectoryFailures.OrganizationMissing, false));
        Stub.Users.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_take_the_organisation_from_the_step_that_made_it()
    {
        await Tenant.LeaveAsync(StepNames.Identity, (await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None)).ShouldNotBeNull());
        var asked = CallsForOrganizations;

        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);

        CallsForOrganizations.ShouldBe(asked, "it is not looked up again");
        Stub.Organizations.Single().Members.ShouldBe([Stub.Users.Single().Id]);
    }

    [Fact]
    public async Task Should_look_the_organisation_up_when_its_step_was_skipped()
    {
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);

        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);

        Stub.Organizations.Single().Members.ShouldBe([Stub.Users.Single().Id]);
    }

    [Fact]
    public async Task Should_say_when_the_organisation_was_deleted_after_its_step()
    {
        await Tenant.LeaveAsync(StepNames.Identity, (await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None)).ShouldNotBeNull());
        await Connection.Directory.DeleteOrganizationAsync(Tenant.Id, None);
        var context = await Tenant.BeginAsync(StepNames.Administrator);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => Administrator.ExecuteAsync(context, None))).Failure;

        (failure.Code, failure.Transient).ShouldBe((DirectoryFailures.OrganizationMissing, false));
        await CompensateAsync();
        Stub.Users.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Should_not_fail_for_want_of_mail(bool smtp, bool mailed)
    {
        await using var mailing = await KeycloakStub.StartAsync(new KeycloakStubOptions { Smtp = smtp });
        await using var to = new KeycloakConnection(mailing, [("SendActionsEmail", "true")]);
        await new IdentityStep(to.Directory, new LeasedTransactions(Registry, new RegistryClock()), new(Registry)).ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);

        await new AdministratorStep(to.Directory, new LeasedTransactions(Registry, new RegistryClock())).ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);

        mailing.Users.Single().Mails.Count.ShouldBe(mailed ? 1 : 0);
        mailing.Calls.Count(c => c.Route == "users/{user-id}/execute-actions-email").ShouldBe(1);
        (await Tenant.ReadAsync()).AdminUserId.ShouldNotBeNull();
        mailing.Violations.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("organisation")]
    [InlineData("disabled")]
    [InlineData("user")]
    [InlineData("user disabled")]
    [InlineData("member")]
    [InlineData("group")]
    [InlineData("registry")]
    [InlineData("registry's user")]
    public async Task Should_name_what_the_verification_misses(string missing)
    {
        await ProvisionAsync();
        var organization = Stub.Organizations.Single();
        var user = Stub.Users.Single();
        var directory = Connection.Directory;
        switch (missing)
        {
            case "organisation": await directory.DeleteOrganizationAsync(Tenant.Id, None); break;
            case "disabled": organization.Enabled = false; break;
            case "user": await directory.ReleaseUserAsync(Tenant.Id, "ann@acme.example", None); break;
            case "user disabled": user.Enabled = false; break;
            case "member": organization.Members.Clear(); break;
            case "group": organization.Groups.Clear(); break;
            case "registry": await SqlAsync("update tenants set organization_id = 'another'"); break;
            default: await SqlAsync("update tenants set admin_user_id = null"); break;
        }

        var verification = new IdentityVerification(directory);
        var failure = (await Should.ThrowAsync<StepFailureException>(async () => await verification.VerifyAsync(await Tenant.BeginAsync(StepNames.Verify), None))).Failure;

        failure.Transient.ShouldBeFalse();
        failure.Message.ShouldContain(Tenant.Id.ToString());
        failure.Remedy.ShouldNotBeNull().ShouldContain(missing is "user" or "user disabled" or "member" or "group" or "registry's user" ? $"'{StepNames.Administrator}'" : $"'{StepNames.Identity}'");
    }

    [Fact]
    public async Task Should_pass_on_what_the_directory_refuses()
    {
        var directory = Substitute.For<IDirectory>();
        directory.EnsureOrganizationAsync(default!, default).ReturnsForAnyArgs<DirectoryOrganization>(_ => throw StepFailureException.Permanent("organization-taken", "taken"));
        var step = new IdentityStep(directory, new LeasedTransactions(Registry, new RegistryClock()), new(Registry));

        (await Should.ThrowAsync<StepFailureException>(async () => await step.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None)))
            .Failure.Code.ShouldBe("organization-taken");

        (await Tenant.ReadAsync()).OrganizationId.ShouldBeNull();
    }

    private int CallsForOrganizations => Stub.Calls.Count(c => c is { Method: "GET", Route: "organizations" });

    private async Task ProvisionAsync()
    {
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
    }

    private async Task CompensateAsync()
    {
        await Administrator.CompensateAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
        await Identity.CompensateAsync(await Tenant.BeginAsync(StepNames.Identity), None);
    }

    private async Task SqlAsync(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
