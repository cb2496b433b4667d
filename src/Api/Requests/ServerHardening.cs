using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Saga.Api.Requests;

/// <summary>What the server tells browsers and strangers.</summary>
internal static class ServerHardening
{
    /// <summary>
    /// No <c>Server</c> header. HSTS for a year where TLS ends in this process. Requests for a host that <c>AllowedHosts</c> does not name
    /// get 400 without a body.
    /// </summary>
    public static IServiceCollection AddServerHardening(this IServiceCollection services)
    {
        services.Configure<KestrelServerOptions>(o => o.AddServerHeader = false);
        services.AddHsts(o => o.MaxAge = TimeSpan.FromDays(365));
        services.Configure<HostFilteringOptions>(o => o.IncludeFailureMessage = false);
        services.AddHostedService<AllowedHostsAtStart>();
        return services;
    }
}
