using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Workers.Runtime;

namespace Saga.Workers.Notification;

/// <summary>Mail to the tenant's administrator, with the adapter in <c>Saga:Mail:Adapter</c>.</summary>
public sealed class NotificationModule : ResourceModule
{
    public override string Worker => WorkerNames.Notification;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration);
        services.AddOptionsWithValidateOnStart<MailOptions, MailOptionsValidation>().Bind(configuration.GetSection(MailOptions.Section));
        services.AddSingleton<IMailer>(s => s.GetRequiredService<IOptions<MailOptions>>().Value.Adapter == MailOptions.SmtpAdapter
            ? ActivatorUtilities.CreateInstance<SmtpMailer>(s)
            : ActivatorUtilities.CreateInstance<FolderMailer>(s));
        services.AddSingleton<IStep, NotifyStep>();
    }
}
