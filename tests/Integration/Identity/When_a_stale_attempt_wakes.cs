using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity.Keycloak;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>
/// An attempt was paused before one of its calls while its compensation ran. The test checks what Keycloak contains afterwards,
/// because an orphaned organisation would block its alias permanently.
/// </summary>
public sealed class When_a_stale_attempt_wakes : IdentitySteps
{
    [Fact]
    public async Task Should_make_no_organisation()
    {
        var stale = await Tenant.BeginAsync(StepNames.Identity);
        await Identity.CompensateAsync(await Tenant.BeginAsync(StepNames.Identity), None);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.ExecuteAsync(stale, None));

        Stub.Organizations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_make_no_organisation_when_it_slept_after_it_looked_for_one()
    {
        var asleep = new TaskCompletionSource();
        Stub.Arm("GET", "organizations", new KeycloakFault { Until = asleep.Task });
        var stale = Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        await Until.TrueAsync(() => Task.FromResult(Stub.Held == 1), "it looks");
        await Identity.CompensateAsync(await Tenant.BeginAsync(StepNames.Identity), None);

        asleep.SetResult();

        await Should.ThrowAsync<LeaseLostException>(() => stale);
        Stub.Organizations.ShouldBeEmpty();
        Stub.Calls.ShouldAllBe(c => c.Method == "GET" || c.Route == "token");
    }

    [Fact]
    public async Task Should_make_no_user_and_no_member()
    {
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);
        var asleep = new TaskCompletionSource();
        Stub.Arm("GET", "users", new KeycloakFault { Until = asleep.Task });
        var stale = Administrator.ExecuteAsync(await Tenant.BeginAsync(StepNames.Administrator), None);
        await Until.TrueAsync(() => Task.FromResult(Stub.Held > 0), "it looks");
        await Administrator.CompensateAsync(await Tenant.BeginAsync(StepNames.Administrator), None);

        asleep.SetResult();

        await Should.ThrowAsync<LeaseLostException>(() => stale);
        Stub.Users.ShouldBeEmpty();
        Stub.Organizations.ShouldHaveSingleItem().Members.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_delete_nothing_that_a_newer_attempt_made()
    {
        var stale = await Tenant.BeginAsync(StepNames.Identity);
        await Identity.ExecuteAsync(await Tenant.BeginAsync(StepNames.Identity), None);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.CompensateAsync(stale, None));

        Stub.Organizations.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_do_nothing_when_its_lease_is_over_although_nobody_took_it()
    {
        var late = await Tenant.BeginAsync(StepNames.Identity);
        await Tenant.ExpireAsync(StepNames.Identity);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.ExecuteAsync(late, None));

        Stub.Organizations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_send_nothing_when_it_was_frozen_after_the_registry_had_said_yes()
    {
        var frozen = await Tenant.BeginAsync(StepNames.Identity);
        var realm = Stub.Settings["Saga:Identity:Keycloak:Realm"];
        var options = new KeycloakOptions { BaseUrl = Stub.BaseUrl, Realm = realm, ClientId = "c", ClientSecret = "s" };
        using var http = KeycloakRegistration.Connect(options);
        using var wire = new KeycloakWire(http, Options.Create(options), TimeProvider.System);
        var over = false;

        using (new LeasedTransactions(Registry, new RegistryClock()).Guard(frozen.Lease, stands: () => !over))
        {
            await Should.ThrowAsync<LeaseLostException>(() => wire.SendAsync("POST organizations", Wake, mayRepeat: true, changes: true, None));
        }

        Stub.Calls.ShouldBeEmpty();

        // The request is created after the check in the registry, and before it waits for a connection.
        HttpRequestMessage Wake()
        {
            over = true;
            return new(HttpMethod.Post, $"admin/realms/{realm}/organizations") { Content = new StringContent("{}") };
        }
    }
}
