using Shouldly;

namespace Saga.Tests.Integration.Identity;

/// <summary>Each test has a realm of its own, and ends by checking that every call followed the OpenAPI document.</summary>
public sealed class When_the_directory_is_a_real_Keycloak : DirectoryContract
{
    private RealServer server = null!;
    private KeycloakConnection connection = null!;

    public override async ValueTask InitializeAsync()
    {
        server = await RealServer.StartAsync();
        connection = server.Connect();
        Directory = connection.Directory;
    }

    public override async ValueTask DisposeAsync()
    {
        if (server is null)
            return;
        await connection.DisposeAsync();
        await server.DisposeAsync();
        server.Front.Violations.ShouldBeEmpty();
    }

    protected override async Task SeedUserAsync(string email, bool enabled, bool verified) => await server.Realm.AddUserAsync("ann", email, enabled, verified);
}
