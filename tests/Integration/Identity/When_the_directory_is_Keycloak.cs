using Saga.Tests.Support.Keycloak;
using Shouldly;

namespace Saga.Tests.Integration.Identity;

/// <summary>Each test ends by checking that every call and response followed the OpenAPI document.</summary>
public sealed class When_the_directory_is_Keycloak : DirectoryContract
{
    private KeycloakStub stub = null!;
    private KeycloakConnection connection = null!;

    public override async ValueTask InitializeAsync()
    {
        stub = await KeycloakStub.StartAsync();
        connection = new KeycloakConnection(stub);
        Directory = connection.Directory;
    }

    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await stub.DisposeAsync();
        stub.Violations.ShouldBeEmpty();
    }

    protected override Task SeedUserAsync(string email, bool enabled, bool verified)
    {
        stub.Add(new StubUser { Id = Guid.NewGuid().ToString(), Username = "ann", Email = email, Enabled = enabled, EmailVerified = verified });
        return Task.CompletedTask;
    }
}
