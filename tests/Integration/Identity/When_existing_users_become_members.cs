using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Leases;
using Saga.Registry.Plans;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using System.Text.Json;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>An adoption makes users who exist members of the tenant's organisation, and its compensation ends only those memberships.</summary>
public sealed class When_existing_users_become_members : IdentitySteps
{
    private LeasedTransactions Leases => new(Registry, new RegistryClock());

    private FindMembersStep Find => new(Connection.Directory, new PlanStore(Registry), Leases);

    private AddMembersStep Add => new(Connection.Directory, Leases);

    [Fact]
    public async Task Should_be_members_of_the_organisation_once_though_every_step_runs_twice()
    {
        var (bob, cid) = (User("bob@acme.example"), User("cid@other.example"));
        await ReadyAsync(new() { From = "list", Emails = ["BOB@acme.example", "cid@other.example"] });

        for (var time = 0; time < 2; time++)
        {
            await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
            await Add.ExecuteAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);
        }

        Members().ShouldBe([AdminId(), bob, cid], ignoreOrder: true);
        Stub.Organizations.Single().Administrators.ShouldBe([AdminId()]);
    }

    [Fact]
    public async Task Should_be_those_of_the_domain_who_are_enabled_and_verified()
    {
        var bob = User("bob@acme.example");
        User("cid@acme.example", enabled: false);
        User("dan@acme.example", verified: false);
        User("eve@sub.acme.example");
        await ReadyAsync(new() { From = "realm", EmailDomain = "acme.example" });

        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        User("fay@acme.example");
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        await Add.ExecuteAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);

        Members().ShouldBe([AdminId(), bob], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_leave_as_members_who_were_members_before_and_delete_nobody_when_it_is_undone()
    {
        var (bob, cid) = (User("bob@acme.example"), User("cid@other.example"));
        await ReadyAsync(new() { From = "list", Emails = ["ann@acme.example", "bob@acme.example", "cid@other.example"] });
        await Connection.Directory.EnsureMemberAsync(Stub.Organizations.Single().Id, cid, None);
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        await Add.ExecuteAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);
        Members().ShouldContain(bob);

        for (var time = 0; time < 2; time++)
        {
            await Add.CompensateAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);
            await Find.CompensateAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        }

        Members().ShouldBe([AdminId(), cid], ignoreOrder: true);
        Stub.Users.Select(u => u.Id).ShouldBe([AdminId(), bob, cid], ignoreOrder: true);
        (await Registry.ScalarAsync<long>("select count(*) from adopted_members")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_no_members_after_an_attempt_that_died_half_way_is_undone()
    {
        var (bob, cid) = (User("bob@acme.example"), User("cid@other.example"));
        await ReadyAsync(new() { From = "list", Emails = ["bob@acme.example", "cid@other.example"] });
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        Stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { Status = 403 });
        await Should.ThrowAsync<StepFailureException>(async () => await Add.ExecuteAsync(await Tenant.BeginAsync(StepNames.AddMembers), None));
        // A call of the attempt that took effect though nobody heard of it.
        await Connection.Directory.EnsureMemberAsync(Stub.Organizations.Single().Id, cid, None);
        Members().Intersect([bob, cid]).ShouldHaveSingleItem();

        await Add.CompensateAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);

        Members().ShouldBe([AdminId()]);
    }

    [Fact]
    public async Task Should_not_be_made_members_by_a_late_attempt()
    {
        User("bob@acme.example");
        await ReadyAsync(new() { From = "list", Emails = ["bob@acme.example"] });
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        var stale = await Tenant.BeginAsync(StepNames.AddMembers);
        await Tenant.BeginAsync(StepNames.AddMembers);

        await Should.ThrowAsync<LeaseLostException>(() => Add.ExecuteAsync(stale, None));

        Members().ShouldBe([AdminId()]);
    }

    [Theory]
    [InlineData("zoe@acme.example", "users-unknown", "zoe@acme.example")]
    [InlineData("cid@acme.example", "users-untrusted", "cid@acme.example")]
    [InlineData("dan@acme.example", "users-untrusted", "dan@acme.example")]
    public async Task Should_all_be_refused_by_name_when_one_is_missing_disabled_or_unverified(string email, string code, string named)
    {
        User("bob@acme.example");
        User("cid@acme.example", enabled: false);
        User("dan@acme.example", verified: false);
        await ReadyAsync(new() { From = "list", Emails = ["bob@acme.example", email] });

        var failure = (await Should.ThrowAsync<StepFailureException>(async () => await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None))).Failure;

        (failure.Code, failure.Transient, failure.Remedy!.EndsWith("then send the command again.", StringComparison.Ordinal)).ShouldBe((code, false, true));
        failure.Message.ShouldContain(named);
        failure.Message.ShouldNotContain("bob@");
        (await Registry.ScalarAsync<long>("select count(*) from adopted_members")).ShouldBe(0);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("realm")]
    public async Task Should_be_refused_when_they_are_more_than_the_tenant_may_have(string from)
    {
        User("bob@acme.example");
        User("cid@acme.example");
        await ReadyAsync(from == "list" ? new() { From = from, Emails = ["bob@acme.example", "cid@acme.example"] } : new() { From = from, EmailDomain = "acme.example" });
        await Registry.ExecuteAsync("update tenants set max_users = 2");

        var failure = (await Should.ThrowAsync<StepFailureException>(async () => await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None))).Failure;

        failure.Code.ShouldBe("plan-too-small");
        failure.Message.ShouldContain("at least 3 members, and it may have 2 users");
    }

    [Fact]
    public async Task Should_be_refused_when_the_domain_has_none()
    {
        await ReadyAsync(new() { From = "realm", EmailDomain = "nobody.example" });

        (await Should.ThrowAsync<StepFailureException>(async () => await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None))).Failure.Code.ShouldBe("users-unknown");
    }

    [Fact]
    public async Task Should_be_refused_in_the_name_of_the_directory_that_does_not_have_them()
    {
        await ReadyAsync(new() { From = "list", Emails = ["zoe@acme.example"] });
        await using var services = await EmbeddedDirectories.CreateAsync(Registry);
        var embedded = services.GetRequiredService<IDirectory>();

        (await SystemOfAsync(Find, StepNames.FindMembers)).ShouldBe("keycloak");
        (await SystemOfAsync(new FindMembersStep(embedded, new PlanStore(Registry), Leases), StepNames.FindMembers)).ShouldBe("embedded-identity");
        (await SystemOfAsync(new AddMembersStep(embedded, Leases), StepNames.AddMembers)).ShouldBe("embedded-identity", "the tenant has no organisation there");

        async Task<string?> SystemOfAsync(IStep step, string name) =>
            (await Should.ThrowAsync<StepFailureException>(async () => await step.ExecuteAsync(await Tenant.BeginAsync(name), None))).Failure.System;
    }

    [Fact]
    public async Task Should_outlive_the_tenant_that_is_deprovisioned()
    {
        var (bob, cid) = (User("bob@acme.example"), User("cid@other.example"));
        await ReadyAsync(new() { From = "list", Emails = ["bob@acme.example", "cid@other.example"] });
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        await Add.ExecuteAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);

        await RemoveAsync(Tenant);

        Stub.Organizations.ShouldBeEmpty();
        Stub.Users.Select(u => u.Id).ShouldBe([bob, cid], ignoreOrder: true, "the administrator was made for the tenant");
        (await Registry.ScalarAsync<long>("select count(*) from adopted_members")).ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_stay_when_the_tenant_that_they_were_made_for_goes_meanwhile(bool isUndone)
    {
        var (other, bob) = await MadeForAnotherAsync();
        var joining = new TaskCompletionSource();
        Stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { Until = joining.Task });
        var adding = AddAsync();
        await Until.TrueAsync(() => Task.FromResult(Stub.Held > 0), "bob is about to become a member");

        if (isUndone)
            await Administrator.CompensateAsync(await other.BeginAsync(StepNames.Administrator), None);
        else
            await RemoveAsync(other);
        joining.SetResult();
        await adding;

        Members().ShouldBe([AdminId(), bob], ignoreOrder: true);
        (await Registry.ScalarAsync<string>("select string_agg(email, ' ') from administrator_claims")).ShouldBe("ann@acme.example", "the membership is what protects the user from now on");
    }

    [Fact]
    public async Task Should_be_refused_by_name_when_they_are_deleted_with_the_tenant_that_they_were_made_for()
    {
        var (other, _) = await MadeForAnotherAsync();
        var deleting = new TaskCompletionSource();
        Stub.Arm("DELETE", "users/{user-id}", new KeycloakFault { Until = deleting.Task });
        var removing = RemoveAsync(other);
        await Until.TrueAsync(() => Task.FromResult(Stub.Held > 0), "bob is being deleted");

        var busy = (await Should.ThrowAsync<StepFailureException>(AddAsync)).Failure;
        deleting.SetResult();
        await removing;
        var gone = (await Should.ThrowAsync<StepFailureException>(AddAsync)).Failure;

        (busy.Code, busy.Transient).ShouldBe((DirectoryFailures.UserBusy, true));
        (gone.Code, gone.Transient).ShouldBe(("users-unknown", false));
        gone.Message.ShouldContain("bob@acme.example");
        await Add.CompensateAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);
        Members().ShouldBe([AdminId()]);
        (await Registry.ScalarAsync<string>("select string_agg(email, ' ') from administrator_claims")).ShouldBe("ann@acme.example");
    }

    [Fact]
    public async Task Should_be_free_again_when_it_is_undone_before_they_are_members()
    {
        var (other, bob) = await MadeForAnotherAsync();
        Stub.Arm("POST", "organizations/{org-id}/members", new KeycloakFault { Status = 403 });
        await Should.ThrowAsync<StepFailureException>(AddAsync);

        await Add.CompensateAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);
        await RemoveAsync(other);

        Stub.Users.ShouldNotContain(u => u.Id == bob);
    }

    [Fact]
    public async Task Should_leave_the_claim_of_the_administrator_who_is_one_of_them()
    {
        var other = await Seed.TenantAsync(Registry, "other", adminEmail: "ann@acme.example");
        await Identity.ExecuteAsync(await other.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await other.BeginAsync(StepNames.Administrator), None);
        await ReadyAsync(new() { From = "list", Emails = ["ann@acme.example"] });
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);

        await AddAsync();
        await Add.CompensateAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);

        (await Registry.ScalarAsync<long>("select count(*) from administrator_claims where tenant_id = @Value", new { Tenant.Id.Value })).ShouldBe(1);
    }

    // Bob was made for another tenant, and is found.
    private async Task<(SeededTenant Other, string Bob)> MadeForAnotherAsync()
    {
        var other = await Seed.TenantAsync(Registry, "other", adminEmail: "bob@acme.example");
        await Identity.ExecuteAsync(await other.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await other.BeginAsync(StepNames.Administrator), None);
        await ReadyAsync(new() { From = "list", Emails = ["bob@acme.example"] });
        await Find.ExecuteAsync(await Tenant.BeginAsync(StepNames.FindMembers), None);
        return (other, Stub.Users.Single(u => u.Email == "bob@acme.example").Id);
    }

    private async Task AddAsync() => await Add.ExecuteAsync(await Tenant.BeginAsync(StepNames.AddMembers), None);

    private async Task RemoveAsync(SeededTenant tenant) =>
        await new RemoveOrganizationStep(Connection.Directory, Leases, TimeProvider.System).ExecuteAsync(await tenant.BeginAsync(StepNames.RemoveOrganization), None);

    private string User(string email, bool enabled = true, bool verified = true) =>
        Stub.Add(new StubUser { Id = Guid.NewGuid().ToString(), Username = email, Email = email, Enabled = enabled, EmailVerified = verified }).Id;

    private IReadOnlyCollection<string> Members() => [.. Stub.Organizations.Single(o => o.Alias == "acme").Members];

    private string AdminId() => Stub.Users.Single(u => u.Email == "ann@acme.example").Id;

    private async Task ReadyAsync(AdoptedUsers users)
    {
        var command = new AdoptTenant { Name = "Acme", Slug = "acme", Plan = "enterprise", AdminEmail = "ann@acme.example", Server = "main", Database = "shop", Isolation = "row", Users = users };
        await Registry.ExecuteAsync("update operations set input = @Input::jsonb where id = @OperationId", new { Tenant.OperationId, Input = JsonSerializer.Serialize(command, Json.Options) });
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
    }
}
