using Dapper;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_an_update_reaches_the_directory : IdentitySteps
{
    private LeasedTransactions Leases => new(Registry, new RegistryClock());

    private UpdateOrganizationStep Organization => new(Connection.Directory, Leases);

    private ChangeAdministratorStep Change => new(Connection.Directory, Leases);

    private RetireAdministratorStep Retire => new(Connection.Directory, Leases);

    [Fact]
    public async Task Should_rename_the_organisation_and_restore_it()
    {
        await ProvisionAsync();
        var stub = Stub.Organizations.ShouldHaveSingleItem();
        stub.RedirectUrl = "https://acme.example/back";
        await Updates.BeginAsync(Tenant, """{"name":"Bolt","description":"Makes anvils."}""");

        await ExecuteAsync(Organization);
        await ExecuteAsync(Organization);

        (stub.Name, stub.Description, stub.RedirectUrl, stub.Enabled, stub.Alias).ShouldBe(("Bolt", "Makes anvils.", "https://acme.example/back", true, "acme"));

        await CompensateAsync(Organization);
        await CompensateAsync(Organization);

        (stub.Name, stub.Description ?? "", stub.RedirectUrl).ShouldBe(("acme", "", "https://acme.example/back"));
    }

    [Fact]
    public async Task Should_link_a_new_domain_only_when_it_is_proved_and_unlink_the_former_one()
    {
        await ClaimAndProveAsync("acme.example");
        await ProvisionAsync();
        var stub = Stub.Organizations.ShouldHaveSingleItem();
        stub.Domains.Select(d => d.Name).ShouldBe(["acme.example"]);
        await Updates.BeginAsync(Tenant, """{"domain":"bolt.example"}""");

        await ExecuteAsync(Organization);
        stub.Domains.ShouldBeEmpty("the new one is not proved");

        await CompensateAsync(Organization);
        stub.Domains.Select(d => d.Name).ShouldBe(["acme.example"]);

        await ClaimAndProveAsync("bolt.example");
        await ExecuteAsync(Organization);
        stub.Domains.Select(d => d.Name).ShouldBe(["bolt.example"]);
        (await Registry.ScalarAsync<bool>("select linked_at is not null from tenant_domains where domain = 'bolt.example'")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_leave_the_organisation_alone_when_it_shows_nothing_of_the_change()
    {
        await ProvisionAsync();
        await Updates.BeginAsync(Tenant, """{"phone":"+493012345678"}""");
        var before = Stub.Calls.Count;

        (await ExecuteAsync(Organization)).ShouldBeNull();
        (await ExecuteAsync(Change)).ShouldBeNull();
        (await ExecuteAsync(Retire)).ShouldBeNull();
        await CompensateAsync(Change);
        await CompensateAsync(Organization);

        Stub.Calls.Count.ShouldBe(before);
    }

    [Fact]
    public async Task Should_put_another_administrator_in_the_place_of_the_former_one()
    {
        await ProvisionAsync();
        var former = Stub.Users.ShouldHaveSingleItem();
        await Updates.BeginAsync(Tenant, """{"adminEmail":"bob@acme.example"}""");

        var output = (AdministratorOutput)(await ExecuteAsync(Change))!;
        await ExecuteAsync(Change);

        var bob = Stub.Users.Single(u => u.Username == "bob@acme.example");
        (output.UserId, output.MadeForTenant, (await Tenant.ReadAsync()).AdminUserId).ShouldBe((bob.Id, true, bob.Id));
        Stub.Organizations[0].Administrators.ShouldBe([former.Id, bob.Id], ignoreOrder: true, "until the update is announced, both are");

        await ExecuteAsync(Retire);
        await ExecuteAsync(Retire);

        Stub.Organizations[0].Administrators.ShouldBe([bob.Id]);
        Stub.Organizations[0].Members.ShouldBe([former.Id, bob.Id], ignoreOrder: true);
        (await Registry.ScalarAsync<string>("select string_agg(email, ' ') from administrator_claims")).ShouldBe("bob@acme.example");
    }

    [Fact]
    public async Task Should_remove_a_user_that_it_made_when_it_is_undone()
    {
        await ProvisionAsync();
        var former = Stub.Users.ShouldHaveSingleItem();
        await Updates.BeginAsync(Tenant, """{"adminEmail":"bob@acme.example"}""");
        await ExecuteAsync(Change);

        await CompensateAsync(Change);
        await CompensateAsync(Change);

        Stub.Users.ShouldHaveSingleItem().Id.ShouldBe(former.Id);
        Stub.Organizations[0].Administrators.ShouldBe([former.Id]);
        (await Tenant.ReadAsync()).AdminUserId.ShouldBe(former.Id);
        (await Registry.ScalarAsync<string>("select string_agg(email, ' ') from administrator_claims")).ShouldBe("ann@acme.example");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_leave_a_member_as_it_was_when_it_is_undone(bool administrator)
    {
        await ProvisionAsync();
        Stub.Add(new StubUser { Id = "u-1", Username = "bob@acme.example", Email = "bob@acme.example", EmailVerified = true });
        var organization = Stub.Organizations[0].Id;
        await Connection.Directory.EnsureMemberAsync(organization, "u-1", None);
        if (administrator)
            await Connection.Directory.EnsureAdministersAsync(organization, "u-1", None);
        await Updates.BeginAsync(Tenant, """{"adminEmail":"Bob@acme.example"}""");
        await ExecuteAsync(Change);

        await CompensateAsync(Change);

        Stub.Organizations[0].Members.ShouldContain("u-1");
        Stub.Organizations[0].Administrators.Contains("u-1").ShouldBe(administrator);
    }

    [Fact]
    public async Task Should_undo_nothing_that_it_never_did()
    {
        await ProvisionAsync();
        Stub.Add(new StubUser { Id = "u-1", Username = "bob@acme.example", Email = "bob@acme.example", EmailVerified = true });
        await Connection.Directory.EnsureMemberAsync(Stub.Organizations[0].Id, "u-1", None);
        await Updates.BeginAsync(Tenant, """{"adminEmail":"bob@acme.example","name":"Bolt"}""");

        await CompensateAsync(Change);
        await CompensateAsync(Organization);

        Stub.Organizations[0].Members.ShouldContain("u-1");
        Stub.Organizations[0].Name.ShouldBe("acme");
    }

    [Fact]
    public async Task Should_keep_a_suspended_tenants_organisation_disabled()
    {
        await ProvisionAsync();
        await Connection.Directory.DisableOrganizationAsync(Tenant.Id, None);
        await Updates.BeginAsync(Tenant, """{"name":"Bolt","adminEmail":"bob@acme.example"}""");

        await ExecuteAsync(Organization);
        await ExecuteAsync(Change);

        (Stub.Organizations[0].Enabled, Stub.Organizations[0].Name).ShouldBe((false, "Bolt"));
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_was_lost()
    {
        await ProvisionAsync();
        await Updates.BeginAsync(Tenant, """{"name":"Bolt","adminEmail":"bob@acme.example"}""");
        foreach (var step in new IStep[] { Organization, Change, Retire })
        {
            var stale = await Tenant.BeginAsync(step.Name);
            await Tenant.BeginAsync(step.Name);

            await Should.ThrowAsync<LeaseLostException>(() => step.ExecuteAsync(stale, None), step.Name);
            if (step.Name != StepNames.RetireAdministrator)
                await Should.ThrowAsync<LeaseLostException>(() => step.CompensateAsync(stale, None), step.Name);
        }

        Stub.Organizations[0].Name.ShouldBe("acme");
        Stub.Users.Count.ShouldBe(1);
    }

    private async Task ProvisionAsync()
    {
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
        await Registry.ExecuteAsync("update tenants set status = 'active'");
    }

    private async Task ClaimAndProveAsync(string domain)
    {
        await using var connection = await Registry.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into tenant_domains (tenant_id, domain, token, state, proved_at) select id, @domain, 'token', 'proved', now() from tenants
            on conflict (tenant_id, domain) do update set state = 'proved', proved_at = now()
            """,
            new { domain });
    }

    private async Task<object?> ExecuteAsync(IStep step) => await step.ExecuteAsync(await Tenant.BeginAsync(step.Name), None);

    private async Task CompensateAsync(IStep step) => await step.CompensateAsync(await Tenant.BeginAsync(step.Name), None);
}
