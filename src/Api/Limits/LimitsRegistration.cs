using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Saga.Api.Limits;

internal static class LimitsRegistration
{
    public static IServiceCollection AddCallerLimits(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsWithValidateOnStart<LimitOptions>().Bind(configuration.GetSection(LimitOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<CallerLimits>();
        return services;
    }

    /// <summary>Refuses requests above the limit. After authentication, because the limit is the caller's.</summary>
    public static WebApplication UseCallerLimits(this WebApplication app)
    {
        var limits = app.Services.GetRequiredService<CallerLimits>();
        app.Use((context, next) =>
            // Probes must not fail because of others behind the same address, and they share one run of the checks.
            context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
                || context.GetEndpoint()?.Metadata.GetMetadata<NotCountedPerCaller>() is not null
                || limits.Request(context) is not { } refusal
                ? next(context)
                : refusal.ExecuteAsync(context));
        return app;
    }
}
