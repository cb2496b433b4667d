using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Saga.Api.Tokens;

namespace Saga.Host.Embedded.Identity;

/// <summary>The clients that may get tokens. Thread-safe.</summary>
public sealed class IssuerClients(IOptions<EmbeddedIssuerOptions> options)
{
    public const string Admin = "saga-admin";
    public const string Operator = "saga-operator";
    public const string Auditor = "saga-auditor";
    public const string Viewer = "saga-viewer";

    private static readonly (string Id, string Role)[] Defaults = [(Admin, Roles.Admin), (Operator, Roles.Operator), (Auditor, Roles.Auditor), (Viewer, Roles.Viewer)];
    private readonly Lazy<IReadOnlyDictionary<string, Client>> clients = new(() => Load(options.Value));

    /// <summary>The file with a default client's secret, for scripts; created by <see cref="EnsureSecret"/>.</summary>
    public static string SecretFile(string folder, string client) => Path.Combine(folder, client + ".secret");

    /// <summary>The secret of a default client. It is generated on first use, in a file that only the owner can read.</summary>
    public static string EnsureSecret(string folder, string client)
    {
        var file = SecretFile(folder, client);
        if (!File.Exists(file))
            OwnerOnlyFile.Replace(file, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        return File.ReadAllText(file).Trim();
    }

    /// <summary>Generates the default clients' secrets. Clients can authenticate from here on.</summary>
    internal void Prepare() => _ = clients.Value;

    internal bool Knows(string id) => clients.Value.ContainsKey(id);

    /// <returns>The client, or null if the id or the secret is wrong. Takes the same time in both cases.</returns>
    internal IssuerClient? Authenticate(string id, string secret)
    {
        var known = clients.Value.GetValueOrDefault(id);
        var expected = known?.Digest ?? new byte[SHA256.HashSizeInBytes];
        var same = CryptographicOperations.FixedTimeEquals(Digest(secret), expected);
        return same ? known?.Rights : null;
    }

    private static Dictionary<string, Client> Load(EmbeddedIssuerOptions options)
    {
        var found = Defaults.ToDictionary(d => d.Id, d => new Client(Digest(EnsureSecret(options.Folder, d.Id)), new(d.Id, [d.Role], null)), StringComparer.Ordinal);
        foreach (var client in options.Clients)
            found[client.Id] = new Client(Digest(client.Secret), new(client.Id, [.. client.Roles], client.User is { Length: > 0 } user ? user : null));
        return found;
    }

    private static byte[] Digest(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private sealed record Client(byte[] Digest, IssuerClient Rights);
}

/// <summary>What a client's tokens say.</summary>
/// <param name="Id">The client.</param>
/// <param name="Roles">Roles of the whole platform.</param>
/// <param name="User">The address of the user in the embedded directory for whom the client speaks; null for itself.</param>
internal sealed record IssuerClient(string Id, IReadOnlyList<string> Roles, string? User);
