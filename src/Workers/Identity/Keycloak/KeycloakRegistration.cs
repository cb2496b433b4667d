using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Saga.Workers.Identity.Keycloak.Check;
using Saga.Workers.Identity.Keycloak.SignIns;
using Saga.Workers.Identity.Repair;
using Saga.Workers.Runtime.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

internal static class KeycloakRegistration
{
    private const int LargestAnswer = 8 * 1024 * 1024;

    public static IServiceCollection AddKeycloakDirectory(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<KeycloakOptions>().Bind(configuration.GetSection(KeycloakOptions.Section)).ValidateDataAnnotations();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => new KeycloakWire(Connect(s.GetRequiredService<IOptions<KeycloakOptions>>().Value),
            s.GetRequiredService<IOptions<KeycloakOptions>>(), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<KeycloakTokens>();
        services.AddSingleton<KeycloakAdmin>();
        services.AddSingleton<FindAgain>();
        services.AddSingleton<KeycloakOrganizations>();
        services.AddSingleton<KeycloakUsers>();
        services.AddSingleton<KeycloakGroups>();
        services.AddSingleton<KeycloakSignOut>();
        services.AddSingleton<KeycloakRemoval>();
        services.AddSingleton<IDirectory, KeycloakDirectory>();
        services.AddSingleton<IFormerRole, KeycloakFormerRole>();
        services.AddSingleton<KeycloakCheck>();
        services.AddSingleton<IIdentityCheck, KeycloakRealmCheck>();
        services.AddHostedService<CheckKeycloakAtStart>();
        services.AddOptionsWithValidateOnStart<SignInOptions>().Bind(configuration.GetSection(SignInOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<KeycloakEvents>();
        services.AddSingleton<SignInReader>();
        if (configuration.GetSection($"{SignInOptions.Section}:{nameof(SignInOptions.Clients)}").GetChildren().Any())
            services.AddHostedService(s => s.GetRequiredService<SignInReader>());
        return services;
    }

    // Redirects are not followed, because they would forward the token. KeycloakWire limits the time of each try.
    internal static HttpClient Connect(KeycloakOptions options) =>
        new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PlaintextStreamFilter = (context, _) => ValueTask.FromResult<Stream>(new LeasedStream(context.PlaintextStream)),
        })
        {
            BaseAddress = new Uri(options.BaseUrl!.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestAnswer,
        };
}
