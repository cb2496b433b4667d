using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Saga.Workers.Notification;

/// <summary>Hands mail to a mail server.</summary>
internal sealed class SmtpMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        var smtp = options.Value.Smtp;
        using var message = MailMessages.Create(options.Value.From, mail, SmtpFailures.System, clock, ContentEncoding.QuotedPrintable);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(smtp.TimeoutSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        // A client is used for one mail: it serves one at a time, and its connection would outlive the server's patience.
        using var client = new SmtpClient { CheckCertificateRevocation = smtp.CheckCertificateRevocation };
        var certificate = "";
        // The library would also accept certificates of well-known providers that the system does not trust.
        client.ServerCertificateValidationCallback = (_, _, chain, problems) =>
        {
            certificate = Words(chain, problems);
            return problems == SslPolicyErrors.None;
        };
        try
        {
            await client.ConnectAsync(smtp.Host, smtp.Port, smtp.Security(), either.Token);
            if (smtp.Username.Length > 0)
                await client.AuthenticateAsync(smtp.Username, smtp.Password, either.Token);
            await client.SendAsync(message, either.Token);
            // The mail is the server's now. How the goodbye ends changes nothing.
            await client.DisconnectAsync(quit: true, either.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw SmtpFailures.Silent(smtp.TimeoutSeconds, error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SmtpFailures.Translate(error, certificate);
        }
    }

    // Which of the name, the chain and the revocation is wrong.
    private static string Words(X509Chain? chain, SslPolicyErrors problems) =>
        string.Join(", ", [problems.ToString(), .. (chain?.ChainStatus ?? []).Select(s => s.Status.ToString())]);
}
