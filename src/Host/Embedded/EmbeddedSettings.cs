using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Saga.Host.Demo;
using Saga.Host.Embedded.Identity;
using Saga.Host.Startup;

namespace Saga.Host.Embedded;

/// <summary>Settings that make the capabilities work inside a data folder.</summary>
internal static class EmbeddedSettings
{
    public static Dictionary<string, string?> Of(DataFolder folder, IConfiguration configuration)
    {
        var address = configuration[ModeRules.AddressKey] is { Length: > 0 } named
            ? named
            : string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LocalPorts.FreeFrom(5080)}");
        return new(StringComparer.OrdinalIgnoreCase)
        {
            [ModeRules.AddressKey] = address,
            // A page from elsewhere must not reach this host under its own name (DNS rebinding).
            ["AllowedHosts"] = $"localhost;127.0.0.1;[::1];{new Uri(address).Host}",
            ["Saga:Sealing:ActiveKey"] = "k1",
            ["Saga:Sealing:MasterKeys:k1"] = folder.Secret("master-key", Convert.ToBase64String),
            ["Saga:Runtime:Keys:r1"] = folder.Secret("runtime-key", Convert.ToBase64String),
            ["Saga:Audit:SigningKey"] = folder.Secret("audit-key", NewAuditKey),
            ["Saga:Storage:Folder:Path"] = folder.Folder("objects"),
            ["Saga:Mail:Folder:Path"] = folder.Folder("mail"),
            ["Saga:Mail:From"] = "Saga <saga@localhost>",
            ["Saga:Mail:SignInUrl"] = address.TrimEnd('/') + SignInPage.Path,
            ["Saga:Auth:Audience"] = EmbeddedIssuerOptions.DefaultAudience,
            ["Saga:Auth:RequireHttps"] = "false",
            ["Saga:Demo:Enabled"] = "true",
        };
    }

    private static string NewAuditKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    /// <summary>For the embedded identity: the issuer and its clients.</summary>
    public static Dictionary<string, string?> OfIdentity(DataFolder folder, string address)
    {
        var home = folder.Folder("identity");
        return new(StringComparer.OrdinalIgnoreCase)
        {
            ["Saga:Identity:Embedded:Folder"] = home,
            ["Saga:Auth:Authority"] = address.TrimEnd('/') + EmbeddedIssuer.Path,
            ["Saga:Demo:ClientId"] = IssuerClients.Admin,
            ["Saga:Demo:ClientSecretFile"] = IssuerClients.SecretFile(home, IssuerClients.Admin),
        };
    }

    /// <summary>For Keycloak: the issuer of its tokens, unless another one is configured.</summary>
    public static Dictionary<string, string?> OfKeycloak(IConfiguration configuration) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Saga:Auth:Authority"] = $"{configuration["Saga:Identity:Keycloak:BaseUrl"]?.TrimEnd('/')}/realms/{configuration["Saga:Identity:Keycloak:Realm"]}",
    };
}
