using Microsoft.Extensions.Options;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;
using Saga.Workers.Runtime;

namespace Saga.Workers.Notification;

/// <summary>Mails the administrator that the tenant is ready: at least once, always with the same Message-ID.</summary>
internal sealed class NotifyStep(IMailer mailer, LeasedTransactions leases, IOptions<MailOptions> options) : IStep
{
    public string Name => StepNames.Notify;

    public IReadOnlyList<string> Needs => [StepNames.Administrator];

    public IEnumerable<string> Systems(Tenant tenant) => [SystemNames.Smtp];

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
    {
        // Unknown if an operator skipped the administrator's step.
        var known = context.FindOutput<AdministratorOutput>(StepNames.Administrator)?.MadeForTenant is false;
        var mail = WelcomeMail.Write(context.Tenant, context.OperationId, context.Step, options.Value.SignInUrl, known);
        // A stale attempt must not send a second mail. Mailers check the lease.
        using var guard = leases.Guard(context.Lease);
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

    /// <summary>Does nothing: a mail cannot be recalled, and this step runs after the pivot, so it is never compensated.</summary>
    public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    private static string Remedy(string code) => code switch
    {
        "smtp-unavailable" => "Check that the server at Saga:Mail:Smtp:Host and Saga:Mail:Smtp:Port is running and reachable.",
        "smtp-recipient-refused" or "mail-address-invalid" => "Correct the administrator's address and replay the step, or skip it.",
        "smtp-not-offered" or "smtp-tls-refused" => "Set Saga:Mail:Smtp:Tls and Saga:Mail:Smtp:Port to values that the mail server supports, then replay the step.",
        "smtp-certificate-refused" => "Install a certificate for Saga:Mail:Smtp:Host that this system trusts on the mail server, then replay the step.",
        "smtp-refused" => "Check Saga:Mail:From, Saga:Mail:Smtp:Username and Saga:Mail:Smtp:Password, then replay the step.",
        _ => "Fix the cause in the message and replay the step, or skip it.",
    };
}
