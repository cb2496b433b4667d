using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry;
using Saga.Workers.Runtime;

namespace Saga.Workers.Notification;

public static class NotificationRegistration
{
    /// <summary>The notify step, on the adapter that <c>Saga:Mail:Adapter</c> names.</summary>
    public static IServiceCollection AddNotificationWorker(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddOptions<MailOptions>().Bind(configuration.GetSection(MailOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MailOptions>, MailOptionsValidation>();
        services.AddSingleton<IMailer>(s => s.GetRequiredService<IOptions<MailOptions>>().Value.Adapter == MailOptions.SmtpAdapter
            ? ActivatorUtilities.CreateInstance<SmtpMailer>(s)
            : ActivatorUtilities.CreateInstance<FolderMailer>(s));
        services.AddSingleton<IStep, NotifyStep>();
        return services;
    }
}
