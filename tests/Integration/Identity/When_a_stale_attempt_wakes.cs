using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>
/// An attempt slept, in front of any of its calls, while its compensation ran. What counts is what Keycloak has afterwards: an
/// organisation that nobody owns would keep its alias for ever.
/// </summary>
public sealed class When_a_stale_attempt_wakes : IAsyncLifetime
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
        tenant = await Seed.TenantAsync(registry, "acme", domain: "acme.example", adminEmail: "ann@acme.example");
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await stub.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_make_no_organisation()
    {
        var stale = await tenant.BeginAsync(StepNames.Identity);
        await Identity.CompensateAsync(await tenant.BeginAsync(StepNames.Identity), None);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.ExecuteAsync(stale, None));

        stub.Organizations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_make_no_organisation_when_it_slept_after_it_looked_for_one()
    {
        var asleep = new TaskCompletionSource();
        stub.Arm("GET", "organizations", new KeycloakFault { Until = asleep.Task });
        var stale = Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None);
        await Until.TrueAsync(() => Task.FromResult(stub.Running == 1), "it looks");
        await Identity.CompensateAsync(await tenant.BeginAsync(StepNames.Identity), None);

        asleep.SetResult();

        await Should.ThrowAsync<LeaseLostException>(() => stale);
        stub.Organizations.ShouldBeEmpty();
        stub.Calls.ShouldAllBe(c => c.Method == "GET" || c.Route == "token");
    }

    [Fact]
    public async Task Should_make_no_user_and_no_member()
    {
        await Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None);
        var asleep = new TaskCompletionSource();
        stub.Arm("GET", "users", new KeycloakFault { Until = asleep.Task });
        var stale = Administrator.ExecuteAsync(await tenant.BeginAsync(StepNames.Administrator), None);
        await Until.TrueAsync(() => Task.FromResult(stub.Running > 0), "it looks");
        await Administrator.CompensateAsync(await tenant.BeginAsync(StepNames.Administrator), None);

        asleep.SetResult();

        await Should.ThrowAsync<LeaseLostException>(() => stale);
        stub.Users.ShouldBeEmpty();
        stub.Organizations.ShouldHaveSingleItem().Members.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_delete_nothing_that_a_newer_attempt_made()
    {
        var stale = await tenant.BeginAsync(StepNames.Identity);
        await Identity.ExecuteAsync(await tenant.BeginAsync(StepNames.Identity), None);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.CompensateAsync(stale, None));

        stub.Organizations.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_do_nothing_when_its_lease_is_over_although_nobody_took_it()
    {
        var late = await tenant.BeginAsync(StepNames.Identity);
        await tenant.ExpireAsync(StepNames.Identity);

        await Should.ThrowAsync<LeaseLostException>(() => Identity.ExecuteAsync(late, None));

        stub.Organizations.ShouldBeEmpty();
    }

    private IdentityStep Identity => new(connection.Directory, new LeasedTransactions(registry));

    private AdministratorStep Administrator => new(connection.Directory, new LeasedTransactions(registry));
}
