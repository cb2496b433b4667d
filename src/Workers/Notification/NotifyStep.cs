using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Notification;

/// <summary>Tells the administrator that the tenant is ready: at least once, each time with the same Message-ID.</summary>
internal sealed class NotifyStep(IMailer mailer, LeasedTransactions leases, IOptions<MailOptions> options) : IStep
{
    public string Name => StepNames.Notify;

    public IReadOnlyList<string> Needs => [StepNames.Administrator];

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Smtp];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // Where an operator skipped the administrator's step, nobody knows.
        var known = context.FindOutput<AdministratorOutput>(StepNames.Administrator)?.MadeForTenant is false;
        var mail = WelcomeMail.Write(context.Tenant, context.OperationId, context.Step, options.Value.SignInUrl, known);
        // A stale attempt sends no second mail.
        await leases.RequireAsync(context.Lease, cancellationToken);
        try
        {
            await mailer.SendAsync(mail, cancellationToken);
        }
        catch (MailException error)
        {
            throw StepFailureException.Of(error.Kind, error.Code, error.Message, Remedy(error.Code), error.System, error);
        }

        return new { mail.To, mail.MessageId };
    }

    /// <summary>A mail cannot be called back; this step runs after the pivot, so nothing asks for it.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Remedy(string code) => code switch
    {
        "smtp-unavailable" => "See that the server at Saga:Mail:Smtp:Host and Saga:Mail:Smtp:Port runs and can be reached.",
        "smtp-recipient-refused" or "mail-address-invalid" => "Mend the administrator's address and replay the step, or skip it.",
        "smtp-not-offered" or "smtp-tls-refused" => "Set Saga:Mail:Smtp:Tls and Saga:Mail:Smtp:Port to what the mail server offers, and replay the step.",
        "smtp-certificate-refused" => "Let the mail server show a certificate for Saga:Mail:Smtp:Host that this system trusts, and replay the step.",
        "smtp-refused" => "Check Saga:Mail:From, Saga:Mail:Smtp:Username and Saga:Mail:Smtp:Password, and replay the step.",
        _ => "Mend the cause that the message names, and replay the step, or skip it.",
    };
}
