using Microsoft.Extensions.Options;
using Saga.Workers.Runtime;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// The service account's access token. Only one token request runs at a time. One caller renews the token after four fifths of its
/// lifetime, while the others continue with the one that is still valid. Thread-safe.
/// </summary>
internal sealed class KeycloakTokens(KeycloakWire wire, IOptions<KeycloakOptions> options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim gate = new(1);
    private Token? current;

    public async ValueTask<string> GetAsync(CancellationToken cancellationToken)
    {
        var known = Volatile.Read(ref current);
        var now = time.GetUtcNow();
        if (known is not null && now < known.RenewAt)
            return known.Value;
        var stillGood = known is not null && now < known.ExpiresAt;
        if (!stillGood)
            await gate.WaitAsync(cancellationToken);
        else if (!await gate.WaitAsync(TimeSpan.Zero, cancellationToken))
            return known!.Value;

        try
        {
            known = current;
            if (known is not null && time.GetUtcNow() < known.RenewAt)
                return known.Value;
            var fresh = await RequestAsync(cancellationToken);
            Volatile.Write(ref current, fresh);
            return fresh.Value;
        }
        catch (StepFailureException e) when (stillGood && e.Failure.Transient)
        {
            return known!.Value;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Discards the token, unless it was renewed in the meantime.</summary>
    public void Refused(string token)
    {
        var known = Volatile.Read(ref current);
        if (known?.Value == token)
            Interlocked.CompareExchange(ref current, null, known);
    }

    public void Dispose() => gate.Dispose();

    private async Task<Token> RequestAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        var asked = time.GetUtcNow();
        var answer = await wire.SendAsync("POST the token endpoint", () => new HttpRequestMessage(HttpMethod.Post,
            $"realms/{Uri.EscapeDataString(settings.Realm!)}/protocol/openid-connect/token")
        {
            Content = new FormUrlEncodedContent(
            [
                new("grant_type", "client_credentials"),
                new("client_id", settings.ClientId),
                new("client_secret", settings.ClientSecret),
            ]),
        }, mayRepeat: true, changes: false, cancellationToken);
        if (!answer.Succeeded)
            throw KeycloakFailures.BadCredentials(answer);
        var grant = Read(answer);
        var life = TimeSpan.FromSeconds(grant.ExpiresIn);
        return new Token(grant.AccessToken, asked + (life * 0.8), asked + life);
    }

    private static Grant Read(KeycloakAnswer answer)
    {
        try
        {
            return answer.Read<Grant>();
        }
        catch (JsonException)
        {
            // The failure does not repeat the body, because it may contain a token.
            throw StepFailureException.Transient(KeycloakFailures.Unintelligible, "Keycloak's token endpoint did not return a token.",
                $"Check that {KeycloakOptions.Section}:BaseUrl points to Keycloak.", KeycloakFailures.System);
        }
    }

    private sealed record Token(string Value, DateTimeOffset RenewAt, DateTimeOffset ExpiresAt);

    private sealed record Grant
    {
        [JsonPropertyName("access_token")]
        public required string AccessToken { get; init; }

        [JsonPropertyName("expires_in")]
        public required int ExpiresIn { get; init; }
    }
}
