using Npgsql;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>A registry with one tenant, its own Keycloak stub, and the steps. All calls must have followed Keycloak's contract.</summary>
public abstract class IdentitySteps : IAsyncLifetime
{
    protected static readonly CancellationToken None = CancellationToken.None;

    protected NpgsqlDataSource Registry { get; private set; } = null!;

    protected KeycloakStub Stub { get; private set; } = null!;

    protected KeycloakConnection Connection { get; private set; } = null!;

    protected SeededTenant Tenant { get; private set; } = null!;

    protected IdentityStep Identity => new(Connection.Directory, new LeasedTransactions(Registry, new RegistryClock()), new(Registry));

    protected AdministratorStep Administrator => new(Connection.Directory, new LeasedTransactions(Registry, new RegistryClock()));

    public async ValueTask InitializeAsync()
    {
        Registry = await PostgresServer.NewRegistryAsync();
        Stub = await KeycloakStub.StartAsync();
        Connection = new KeycloakConnection(Stub);
        Tenant = await Seed.TenantAsync(Registry, "acme", domain: "acme.example", adminEmail: "Ann@acme.example");
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await Stub.DisposeAsync();
        await Registry.DisposeAsync();
        Stub.Violations.ShouldBeEmpty();
        GC.SuppressFinalize(this);
    }
}
