using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Saga.Lifecycle.Intake;

namespace Saga.Api.Tokens;

internal static class TokensRegistration
{
    /// <summary>Adds bearer tokens according to <see cref="AuthOptions"/>, and the policies. Endpoints without a policy require a token.</summary>
    public static IServiceCollection AddTokens(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<AuthOptions, AuthOptionsRules>().Bind(configuration.GetSection(AuthOptions.Section));
        services.AddHttpClient(IssuerKeys.Client, client =>
        {
            client.Timeout = TimeSpan.FromSeconds(10);
            client.MaxResponseContentBufferSize = 1024 * 1024;
        });
        services.AddSingleton<IssuerKeys>();
        // Only the core, because AddAuthentication would add data protection, with keys on disk that nothing here uses.
        services.AddAuthenticationCore(o =>
        {
            o.DefaultScheme = BearerHandler.SchemeName;
            o.AddScheme<BearerHandler>(BearerHandler.SchemeName, null);
        });
        services.AddWebEncoders();
        services.AddTransient<BearerHandler>();
        var authorization = services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var name in Policies.All)
            authorization.AddPolicy(name, policy => policy.RequireAuthenticatedUser().RequireRole(Policies.RolesOf(name)));
        return services;
    }

    /// <summary>The caller: the scope of idempotency keys, and the name in the audit log.</summary>
    public static Caller Caller(this ClaimsPrincipal user) => Lifecycle.Intake.Caller.OfToken(
        user.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new InvalidOperationException("The endpoint needs a caller but allows anonymous access."),
        isAdministrator: user.IsInRole(Roles.Admin));
}
