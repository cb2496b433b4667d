using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Saga.Workers.Notification;

/// <summary>Hands mail to a mail server.</summary>
internal sealed class SmtpMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    private const string System = "smtp";

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        var smtp = options.Value.Smtp;
        using var message = MailMessages.Create(options.Value.From, mail, System);
        // A client is used for one mail: it serves one at a time, and its connection would outlive the server's patience.
        using var client = new SmtpClient(smtp.Host, smtp.Port) { EnableSsl = smtp.Tls };
        if (smtp.Username.Length > 0)
            client.Credentials = new NetworkCredential(smtp.Username, smtp.Password);
        // The client's own time limit does not hold for asynchronous calls.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(smtp.TimeoutSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await client.SendMailAsync(message, either.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new MailException(System, "smtp-unavailable", $"The mail server did not answer within {smtp.TimeoutSeconds} s.", FailureKind.Outage, error);
        }
        catch (SmtpException error)
        {
            throw Translate(error);
        }
    }

    private static MailException Translate(SmtpException error)
    {
        var kind = error.InnerException is SocketException or IOException ? FailureKind.Outage : FailureKinds.OfSmtp((int)error.StatusCode);
        if (kind != FailureKind.Permanent && error.InnerException is not AuthenticationException)
        {
            return new MailException(
                System, kind == FailureKind.Outage ? "smtp-unavailable" : "smtp-busy", $"The mail server does not take mail now: {Words(error)}", kind, error);
        }

        if (error.InnerException is AuthenticationException)
            return new MailException(System, "smtp-certificate-refused", $"The mail server's certificate is not trusted: {Words(error)}", FailureKind.Permanent, error);
        return error is SmtpFailedRecipientException
            ? new MailException(System, "smtp-recipient-refused", $"The mail server refused the recipient: {Words(error)}", FailureKind.Permanent, error)
            : new MailException(System, "smtp-refused", $"The mail server refused the mail: {Words(error)}", FailureKind.Permanent, error);
    }

    private static string Words(Exception error) => error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message;
}
