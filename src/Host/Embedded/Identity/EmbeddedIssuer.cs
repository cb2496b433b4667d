using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Saga.Api.Limits;
using Saga.Contracts;
using Saga.Contracts.Tokens;
using Saga.Host.Startup;
using Saga.Workers.Identity.Embedded;

namespace Saga.Host.Embedded.Identity;

/// <summary>A small OIDC issuer for one machine: discovery, keys, and tokens for clients with a secret.</summary>
public static class EmbeddedIssuer
{
    public const string Path = "/identity";

    /// <summary>Refuses to start in a mode that other machines can reach.</summary>
    public static IServiceCollection AddEmbeddedIssuer(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<EmbeddedIssuerOptions>().Bind(configuration.GetSection(EmbeddedIssuerOptions.Section))
            .Configure(o =>
            {
                o.Mode = configuration[EmbeddedDirectoryOptions.ModeKey];
                if (string.IsNullOrEmpty(o.Issuer) && configuration[ModeRules.AddressKey] is { Length: > 0 } address)
                    o.Issuer = address.TrimEnd('/') + Path;
            })
            .ValidateDataAnnotations();
        services.AddSingleton<IValidateOptions<EmbeddedIssuerOptions>, EmbeddedIssuerRules>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<IssuerClients>();
        services.AddSingleton<SecretThrottle>();
        services.AddSingleton<TokenIssue>();
        services.TryAddSingleton<EmbeddedMemberships>();
        services.AddHostedService<PrepareIssuerAtStart>();
        return services;
    }

    public static void MapEmbeddedIssuer(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup(Path).AllowAnonymous().ExcludeFromDescription();
        group.MapGet("/.well-known/openid-configuration", (IOptions<EmbeddedIssuerOptions> options) => Results.Json(Discovery(options.Value.Issuer), Json.Options));
        group.MapGet("/jwks", (SigningKeys keys) => Results.Json(keys.Published(), Json.Options));
        // A stranger's flood must not use up the limit of an address that the right client has too.
        group.MapPost("/token", TokenAsync).DisableAntiforgery().WithMetadata(new NotCountedPerCaller());
    }

    private static Dictionary<string, object> Discovery(string issuer) => new(StringComparer.Ordinal)
    {
        ["issuer"] = issuer,
        ["token_endpoint"] = issuer + "/token",
        ["jwks_uri"] = issuer + "/jwks",
        ["grant_types_supported"] = new[] { "client_credentials" },
        ["token_endpoint_auth_methods_supported"] = new[] { "client_secret_basic", "client_secret_post" },
        ["response_types_supported"] = Array.Empty<string>(),
        ["subject_types_supported"] = new[] { "public" },
        ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
    };

    private static async Task TokenAsync(HttpContext context, IssuerClients clients, SecretThrottle throttle, TokenIssue issue)
    {
        context.Response.Headers.CacheControl = "no-store";
        var (request, error, words) = await TokenRequest.ReadAsync(context);
        if (request is null)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, error, words);
            return;
        }

        if (request.GrantType != "client_credentials")
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "unsupported_grant_type", "Only client_credentials is supported.");
            return;
        }

        // First, so that nobody's wrong secrets stand in the way of the right one.
        if (clients.Authenticate(request.ClientId, request.ClientSecret) is not { } client)
        {
            // Unknown names share one counter, so that made-up names neither evade the limit nor fill the memory.
            if (throttle.Failed(clients.Knows(request.ClientId) ? request.ClientId : "") is { } wait)
            {
                await SlowDownAsync(context, wait);
                return;
            }

            context.Response.Headers.WWWAuthenticate = "Basic realm=\"saga\"";
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "invalid_client", "The client or its secret is wrong.");
            return;
        }

        (string, IReadOnlyList<TokenOrganization>)? person = null;
        if (client.User is { } user)
        {
            person = await context.RequestServices.GetRequiredService<EmbeddedMemberships>().FindAsync(user, context.RequestAborted);
            if (person is null)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, "invalid_grant", "The client's user does not exist or is disabled.");
                return;
            }
        }

        var (token, seconds) = issue.For(client, person);
        await WriteAsync(context, new { access_token = token, token_type = "Bearer", expires_in = seconds });
    }

    private static Task SlowDownAsync(HttpContext context, TimeSpan wait)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return RefuseAsync(context, StatusCodes.Status429TooManyRequests, "invalid_client", "Too many wrong secrets; try again later.");
    }

    private static Task RefuseAsync(HttpContext context, int status, string error, string words)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, new { error, error_description = words });
    }

    private static Task WriteAsync(HttpContext context, object body) =>
        context.Response.WriteAsJsonAsync(body, Json.Options, context.RequestAborted);
}

/// <summary>Prepares the issuer at start, so that an unwritable folder fails the start and not the first request.</summary>
internal sealed class PrepareIssuerAtStart(IOptions<EmbeddedIssuerOptions> options, IssuerClients clients, SigningKeys keys) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Value.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        clients.Prepare();
        _ = keys.Published();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
