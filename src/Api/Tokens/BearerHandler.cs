using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saga.Api.Problems;

namespace Saga.Api.Tokens;

/// <summary>Authenticates bearer tokens, in the Authorization header only.</summary>
internal sealed class BearerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> scheme, ILoggerFactory loggers, UrlEncoder encoder,
    IssuerKeys keys, IOptions<AuthOptions> auth, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(scheme, loggers, encoder)
{
    public const string SchemeName = "Bearer";

    /// <summary>When the token expires, in Unix seconds.</summary>
    public const string ExpiresClaim = "exp";

    private const string Prefix = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var headers = Request.Headers.Authorization;
        if (headers.Count == 0)
            return AuthenticateResult.NoResult();
        if (headers is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return Refused("Send exactly one Authorization header with a bearer token.");
        if (JwsSignature.Parse(header[Prefix.Length..].Trim()) is not { Type: null or "JWT" or "jwt" or "at+jwt" } token)
            return Refused("The token must be a signed JWT: three parts, RS256, ES256 or PS256, at most 16 KiB.");
        try
        {
            if (!JwsSignature.IsSigned(token, await keys.FindAsync(token.KeyId, Context.RequestAborted)))
                return Refused("The token is not signed by a key of the issuer.");
        }
        catch (IssuerUnavailableException e)
        {
            return AuthenticateResult.Fail(e);
        }

        if (TokenClaims.Judge(token.Payload, auth.Value, time.GetUtcNow(), out var error) is not { } claims)
            return Refused(error!);
        var identity = new ClaimsIdentity(SchemeName, ClaimTypes.NameIdentifier, ClaimTypes.Role);
        identity.AddClaim(new(ClaimTypes.NameIdentifier, claims.Subject));
        identity.AddClaim(new(ExpiresClaim, claims.Expires.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture), ClaimValueTypes.Integer64));
        identity.AddClaims(claims.Roles.Select(role => new Claim(ClaimTypes.Role, role)));
        identity.AddClaims(claims.Organizations.SelectMany(OrganizationMembership.Claims));
        return AuthenticateResult.Success(new(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var failure = (await HandleAuthenticateOnceSafeAsync()).Failure;
        if (failure is IssuerUnavailableException)
        {
            await new ProblemResult(ProblemType.IssuerUnavailable, "Tokens cannot be checked at the moment.", retryAfterSeconds: (int)IssuerKeys.Pause.TotalSeconds).ExecuteAsync(Context);
            return;
        }

        // RFC 6750: no error code if no token was sent.
        Response.Headers.WWWAuthenticate = failure is null
            ? "Bearer realm=\"saga\""
            : $"Bearer realm=\"saga\", error=\"invalid_token\", error_description=\"{failure.Message}\"";
        await new ProblemResult(ProblemType.Unauthenticated, failure?.Message ?? "Send a token: Authorization: Bearer <token>.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer realm=\"saga\", error=\"insufficient_scope\"";
        // The fallback policy needs no role, so it refuses nobody who has a token.
        var policy = Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy ?? Policies.Write;
        return new ProblemResult(ProblemType.Forbidden, $"This needs the role {Policies.Needs(policy)}.").ExecuteAsync(Context);
    }

    // The reasons are fixed texts, so nothing from the token is returned or logged.
    private AuthenticateResult Refused(string reason)
    {
        ApiLog.TokenRefused(Logger, reason);
        return AuthenticateResult.Fail(reason);
    }
}
