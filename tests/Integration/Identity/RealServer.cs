using Saga.Tests.Support.Keycloak.Real;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>A new realm of a real Keycloak, a front before it, and a client that calls it through the front.</summary>
public sealed class RealServer : IAsyncDisposable
{
    private RealServer(RealRealm realm, KeycloakFront front) => (Realm, Front) = (realm, front);

    public RealRealm Realm { get; }

    public KeycloakFront Front { get; }

    /// <summary>Skips the test when there is no real Keycloak.</summary>
    public static async Task<RealServer> StartAsync(RealRealmOptions? options = null)
    {
        var missing = await RealKeycloak.MissingAsync();
        Assert.SkipWhen(missing is not null, missing ?? "");
        var realm = await RealRealm.CreateAsync(options);
        return new RealServer(realm, await KeycloakFront.StartAsync(realm));
    }

    /// <summary>The time limit leaves room for a server that has just started.</summary>
    public KeycloakConnection Connect(params (string Key, string Value)[] settings) => new(Front.Settings, [("TimeoutSeconds", "60"), .. settings]);

    public async ValueTask DisposeAsync()
    {
        await Front.DisposeAsync();
        await Realm.DisposeAsync();
    }
}
