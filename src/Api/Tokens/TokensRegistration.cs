using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Saga.Api.Tokens;

internal static class TokensRegistration
{
    /// <summary>Bearer tokens of <see cref="AuthOptions"/>, and who may do what. What says nothing is closed.</summary>
    public static IServiceCollection AddTokens(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<AuthOptions, AuthOptionsRules>().Bind(configuration.GetSection(AuthOptions.Section));
        services.AddHttpClient(IssuerKeys.Client, client =>
        {
            client.Timeout = TimeSpan.FromSeconds(10);
            client.MaxResponseContentBufferSize = 1024 * 1024;
        });
        services.AddSingleton<IssuerKeys>();
        // Only the core: the whole would bring data protection, and keys on disk that nothing here uses.
        services.AddAuthenticationCore(o =>
        {
            o.DefaultScheme = BearerHandler.SchemeName;
            o.AddScheme<BearerHandler>(BearerHandler.SchemeName, null);
        });
        services.AddWebEncoders();
        services.AddTransient<BearerHandler>();
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Read, policy => policy.RequireAuthenticatedUser().RequireRole(Roles.Viewer, Roles.Admin))
            .AddPolicy(Policies.Write, policy => policy.RequireAuthenticatedUser().RequireRole(Roles.Admin))
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        return services;
    }

    /// <summary>Who calls: the scope of idempotency keys, and the name in the audit.</summary>
    public static string Caller(this ClaimsPrincipal user) =>
        user.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new InvalidOperationException("The endpoint asks for a caller, and lets in whoever has none.");
}
