using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;

namespace Saga.Workers.Audit;

internal static class AuditRegistration
{
    /// <summary>Adds what proves the audit log. Needs the files of backups.</summary>
    public static IServiceCollection AddAuditProof(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddOptionsWithValidateOnStart<AuditOptions>().Bind(configuration.GetSection(AuditOptions.Section)).ValidateDataAnnotations();
        services.AddSingleton<IValidateOptions<AuditOptions>, AuditOptionsRules>();
        services.AddSingleton<AuditKeys>();
        services.AddSingleton<AuditCopies>();
        services.AddSingleton<AuditSealer>();
        services.AddHostedService(s => s.GetRequiredService<AuditSealer>());
        services.AddHealthChecks().AddCheck<AuditProofHealth>("audit-proof");
        return services;
    }
}
