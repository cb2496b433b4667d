using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Saga.Workers.Notification;

/// <summary>Sends mail through a mail server.</summary>
internal sealed class SmtpMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        var smtp = options.Value.Smtp;
        using var message = MailMessages.Create(options.Value.From, mail, SmtpFailures.System, clock, ContentEncoding.QuotedPrintable);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(smtp.TimeoutSeconds), clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        // One client per mail, because a client sends one mail at a time and the server would close its idle connection.
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
            // The server has accepted the mail, so errors from here on do not matter.
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

    // Describes whether the name, the chain or the revocation check failed.
    private static string Words(X509Chain? chain, SslPolicyErrors problems) =>
        string.Join(", ", [problems.ToString(), .. (chain?.ChainStatus ?? []).Select(s => s.Status.ToString())]);
}
