using System.Globalization;
using DotNet.Testcontainers.Builders;

namespace Saga.Tests.Support.Containers;

/// <summary>A real Keycloak from an image, in development mode, for all tests of a process. Its administrator is <c>admin</c> with the password <c>admin</c>.</summary>
internal static class KeycloakContainer
{
    private const string Image = "keycloak/keycloak:26.7.3";
    private const int Port = 8080;

    /// <returns>Its address without a slash at the end. It may not answer yet.</returns>
    public static async Task<string> StartAsync()
    {
        var container = new ContainerBuilder(Image)
            .WithEnvironment("KC_BOOTSTRAP_ADMIN_USERNAME", "admin").WithEnvironment("KC_BOOTSTRAP_ADMIN_PASSWORD", "admin")
            .WithPortBinding(Port, assignRandomHostPort: true)
            .WithCommand("start-dev", "--features=organization")
            .Build();
        AtEnd.Do(() => container.DisposeAsync().AsTask());
        await container.StartAsync();
        return string.Create(CultureInfo.InvariantCulture, $"http://{container.Hostname}:{container.GetMappedPublicPort(Port)}");
    }
}
