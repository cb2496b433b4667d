using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak.Real;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

public sealed class When_the_identity_steps_run_on_a_real_Keycloak : IAsyncLifetime
{
    private const string Email = "ann@acme.example";
    private static readonly CancellationToken None = CancellationToken.None;
    private RealServer server = null!;
    private KeycloakConnection connection = null!;
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RealServer.StartAsync();
        connection = server.Connect();
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme", domain: "acme.example", adminEmail: "Ann@acme.example");
    }

    public async ValueTask DisposeAsync()
    {
        if (server is null)
            return;
        await connection.DisposeAsync();
        await server.DisposeAsync();
        await registry.DisposeAsync();
        server.Front.Violations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_leave_what_the_registry_knows_and_after_compensation_nothing()
    {
        await ProvisionAsync(tenant);

        var row = await tenant.ReadAsync();
        var user = (await server.Realm.UsersAsync()).ShouldHaveSingleItem();
        RealRealm.Ids(await server.Realm.OrganizationsAsync()).ShouldBe([row.OrganizationId!]);
        RealRealm.Id(user).ShouldBe(row.AdminUserId);
        user["requiredActions"]!.AsArray().Select(a => a!.GetValue<string>()).Order(StringComparer.Ordinal).ShouldBe(["UPDATE_PASSWORD", "VERIFY_EMAIL"]);
        (await server.Realm.MembersAsync(row.OrganizationId!)).ShouldBe([row.AdminUserId!]);
        await VerifyAsync();
        await ProvisionAsync(tenant);
        (await tenant.ReadAsync()).ShouldBeEquivalentTo(row);

        await CompensateAsync(tenant);

        (await server.Realm.OrganizationsAsync()).ShouldBeEmpty();
        (await server.Realm.UsersAsync()).ShouldBeEmpty();
        var rest = await tenant.ReadAsync();
        (rest.OrganizationId, rest.AdminUserId).ShouldBe((null, null));
        await CompensateAsync(tenant);
    }

    [Fact]
    public async Task Should_keep_the_user_of_somebody_else_when_it_compensates()
    {
        var ann = await server.Realm.AddUserAsync("ann", Email);
        await ProvisionAsync(tenant);
        (await tenant.ReadAsync()).AdminUserId.ShouldBe(ann);

        await CompensateAsync(tenant);

        RealRealm.Ids(await server.Realm.UsersAsync()).ShouldBe([ann]);
        (await server.Realm.OrganizationsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_name_what_the_verification_misses()
    {
        await ProvisionAsync(tenant);
        var row = await tenant.ReadAsync();

        await server.Realm.SwitchOffAsync($"users/{row.AdminUserId}", "enabled");
        (await MissesAsync()).ShouldContain($"'{StepNames.Administrator}'");
        await server.Realm.SwitchOffAsync($"organizations/{row.OrganizationId}", "enabled");
        (await MissesAsync()).ShouldContain($"'{StepNames.Identity}'");
        await ProvisionAsync(tenant, StepNames.Identity);
        await server.Realm.RemoveAsync($"organizations/{row.OrganizationId}/members/{row.AdminUserId}");
        (await MissesAsync()).ShouldContain($"'{StepNames.Administrator}'");
    }

    [Fact]
    public async Task Should_leave_nobody_when_tenants_that_share_an_administrator_come_and_go_at_once()
    {
        var other = await Seed.TenantAsync(registry, "other", adminEmail: Email);
        var third = await Seed.TenantAsync(registry, "third", adminEmail: Email);
        SeededTenant[] all = [tenant, other, third];
        await Task.WhenAll(all.Select(t => ProvisionAsync(t)));
        RealRealm.Ids(await server.Realm.UsersAsync()).ShouldHaveSingleItem();

        await Task.WhenAll(CompensateAsync(tenant), CompensateAsync(other));

        var user = RealRealm.Ids(await server.Realm.UsersAsync()).ShouldHaveSingleItem();
        (await third.ReadAsync()).AdminUserId.ShouldBe(user);
        (await server.Realm.MembersAsync((await third.ReadAsync()).OrganizationId!)).ShouldBe([user]);
        await CompensateAsync(third);
        (await server.Realm.UsersAsync()).ShouldBeEmpty();
    }

    private async Task<string> MissesAsync() => (await Should.ThrowAsync<StepFailureException>(VerifyAsync)).Failure.Remedy.ShouldNotBeNull();

    private async Task VerifyAsync() => await new IdentityVerification(connection.Directory).VerifyAsync(await tenant.BeginAsync(StepNames.Verify), None);

    private async Task ProvisionAsync(SeededTenant which, string? only = null)
    {
        await new IdentityStep(connection.Directory, new LeasedTransactions(registry, new RegistryClock()), new(registry)).ExecuteAsync(await which.BeginAsync(StepNames.Identity), None);
        if (only is null)
            await new AdministratorStep(connection.Directory, new LeasedTransactions(registry, new RegistryClock())).ExecuteAsync(await which.BeginAsync(StepNames.Administrator), None);
    }

    private async Task CompensateAsync(SeededTenant which)
    {
        await new AdministratorStep(connection.Directory, new LeasedTransactions(registry, new RegistryClock())).CompensateAsync(await which.BeginAsync(StepNames.Administrator), None);
        await new IdentityStep(connection.Directory, new LeasedTransactions(registry, new RegistryClock()), new(registry)).CompensateAsync(await which.BeginAsync(StepNames.Identity), None);
    }
}
