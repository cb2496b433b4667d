using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using Microsoft.Extensions.Options;
using MimeKit;
using Saga.Registry.Leases;
using Saga.Workers.Runtime.Leases;

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
            await LeaseGuard.RequireAsync(either.Token);
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(smtp.Host, smtp.Port, either.Token);
            await client.ConnectAsync(new LeasedStream(tcp.GetStream()), smtp.Host, smtp.Port, smtp.Security(), either.Token);
            if (smtp.Username.Length > 0)
                await client.AuthenticateAsync(smtp.Username, smtp.Password, either.Token);
            // Connecting and signing in may have taken long.
            await LeaseGuard.RequireAsync(either.Token);
            await client.SendAsync(message, either.Token);
            await EndAsync(client, either.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw SmtpFailures.Silent(smtp.TimeoutSeconds, error);
        }
        catch (Exception error) when (error is not (OperationCanceledException or LeaseLostException))
        {
            // TLS wraps what its connection throws.
            if (error.InnerException is LeaseLostException lost)
                ExceptionDispatchInfo.Throw(lost);
            throw SmtpFailures.Translate(error, certificate);
        }
    }

    // The server has accepted the mail, so errors do not matter here.
    private static async Task EndAsync(SmtpClient client, CancellationToken cancellationToken)
    {
        try
        {
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (LeaseLostException)
        {
            // Not even the goodbye is sent without the lease.
        }
    }

    // Describes whether the name, the chain or the revocation check failed.
    private static string Words(X509Chain? chain, SslPolicyErrors problems) =>
        string.Join(", ", [problems.ToString(), .. (chain?.ChainStatus ?? []).Select(s => s.Status.ToString())]);
}
