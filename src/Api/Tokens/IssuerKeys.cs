using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Saga.Api.Tokens;

/// <summary>
/// The signing keys of the issuer, from its discovery document. They are read on first use and each hour in the background. If a
/// token names an unknown key, they are read at once, but at most once every <see cref="Pause"/>. Only that token waits, so that a
/// stranger's token does not delay others. Thread-safe.
/// </summary>
internal sealed class IssuerKeys(IHttpClientFactory http, IOptions<AuthOptions> options, TimeProvider time, ILogger<IssuerKeys> log)
{
    public const string Client = "saga-token-issuer";

    /// <summary>The minimum time between two refreshes caused by tokens or failures.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    /// <summary>The same while no keys are known at all.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>Keys older than this are refreshed.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    /// <summary>Keys that could not be confirmed for this long are no longer trusted.</summary>
    public static readonly TimeSpan Trusted = TimeSpan.FromHours(24);

    private readonly Lock gate = new();
    private Snapshot? known;
    private Task reading = Task.CompletedTask;
    private DateTimeOffset lastTry = DateTimeOffset.MinValue;

    /// <returns>The keys that may have signed a token with this key id; if none is known, the issuer is queried first.</returns>
    /// <exception cref="IssuerUnavailableException">No keys are known, and the issuer does not return any.</exception>
    public async Task<IReadOnlyList<JsonWebKey>> FindAsync(string? keyId, CancellationToken cancellationToken)
    {
        var keys = Usable();
        if (keys is null || !Has(keys, keyId))
        {
            await ReadAgain(known is null ? FirstPause : Pause).WaitAsync(cancellationToken);
            keys = Usable() ?? throw new IssuerUnavailableException(options.Value.Authority);
        }
        else if (known is { } snapshot && time.GetUtcNow() - snapshot.ReadAt > Fresh)
        {
            _ = ReadAgain(Pause);
        }

        return keys;
    }

    private static bool Has(IReadOnlyList<JsonWebKey> keys, string? keyId) => keyId is null ? keys.Count > 0 : keys.Any(k => k.Kid == keyId);

    private IReadOnlyList<JsonWebKey>? Usable() => known is { } snapshot && time.GetUtcNow() - snapshot.ReadAt < Trusted ? snapshot.Keys : null;

    /// <summary>Joins the refresh in progress, or starts one if the last one is long enough ago. Never throws.</summary>
    private Task ReadAgain(TimeSpan pause)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            if (!reading.IsCompleted || now - lastTry < pause)
                return reading;
            lastTry = now;
            return reading = Task.Run(ReadAsync);
        }
    }

    private async Task ReadAsync()
    {
        var authority = options.Value.Authority;
        try
        {
            using var client = http.CreateClient(Client);
            using var discovery = JsonDocument.Parse(await client.GetStringAsync(new Uri($"{authority.TrimEnd('/')}/.well-known/openid-configuration")));
            if (JwsSignature.Text(discovery.RootElement, "issuer") is var issuer && issuer != authority)
                throw new InvalidOperationException($"it calls itself '{issuer}'; Saga:Auth:Authority must be exactly the same");
            if (!Uri.TryCreate(JwsSignature.Text(discovery.RootElement, "jwks_uri"), UriKind.Absolute, out var address)
                || !(address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback && !options.Value.RequireHttps)))
                throw new InvalidOperationException("its jwks_uri is not an https address");
            var keys = new JsonWebKeySet(await client.GetStringAsync(address)).Keys.ToList();
            known = new(keys, time.GetUtcNow());
            ApiLog.KeysTaken(log, keys.Count, authority);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException or InvalidOperationException or ArgumentException)
        {
            ApiLog.KeysUnavailable(log, authority, e.Message);
        }
    }

    private sealed record Snapshot(IReadOnlyList<JsonWebKey> Keys, DateTimeOffset ReadAt);
}

/// <summary>Tokens cannot be validated at the moment.</summary>
internal sealed class IssuerUnavailableException(string authority) : Exception($"The signing keys of {authority} are not known and could not be read.");
