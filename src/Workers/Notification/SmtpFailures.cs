using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Saga.Contracts.Failures;

namespace Saga.Workers.Notification;

/// <summary>Maps a mail server's failures: broken connections and 4xx replies are temporary, 5xx replies are permanent.</summary>
internal static class SmtpFailures
{
    public const string System = "smtp";

    public static MailException Silent(int seconds, Exception cause) =>
        Unavailable($"The mail server did not answer within {seconds} s.", cause);

    /// <param name="certificate">The problem with the server's certificate.</param>
    public static MailException Translate(Exception error, string certificate) => error switch
    {
        SmtpCommandException refused => Refused(refused, refused),
        // The inner exception is the server's reply to the sign-in. Without one, client and server have no sign-in method in common.
        AuthenticationException { InnerException: SmtpCommandException refused } => Refused(refused, error),
        AuthenticationException => new MailException(System, "smtp-refused", $"The mail server refused the sign-in: {error.Message}", FailureKind.Permanent, error),
        SslHandshakeException { ServerCertificate: not null } => new MailException(
            System, "smtp-certificate-refused", $"The mail server's certificate is not trusted: {certificate}", FailureKind.Outage, error),
        SslHandshakeException { InnerException: IOException or SocketException } => Unavailable($"The mail server aborted the TLS handshake: {FirstLine(error)}", error),
        SslHandshakeException => new MailException(System, "smtp-tls-refused", $"The mail server does not use TLS on this port: {FirstLine(error)}", FailureKind.Permanent, error),
        // The server does not offer STARTTLS or the sign-in method.
        NotSupportedException => new MailException(System, "smtp-not-offered", $"The mail server does not offer what is required: {error.Message}", FailureKind.Permanent, error),
        IOException or SocketException or ProtocolException or ServiceNotConnectedException => Unavailable($"The mail server does not answer: {FirstLine(error)}", error),
        _ => new MailException(System, "smtp-failed", $"The mail could not be sent: {FirstLine(error)}", FailureKind.Permanent, error),
    };

    private static MailException Refused(SmtpCommandException refused, Exception error)
    {
        var kind = FailureKinds.OfSmtp((int)refused.StatusCode);
        var reply = $"{(int)refused.StatusCode} {FirstLine(refused)}";
        return kind switch
        {
            FailureKind.Outage => Unavailable($"The mail server does not accept mail at the moment: {reply}", error),
            not FailureKind.Permanent => new MailException(System, "smtp-busy", $"The mail server does not accept mail at the moment: {reply}", kind, error),
            _ when refused.ErrorCode == SmtpErrorCode.RecipientNotAccepted =>
                new MailException(System, "smtp-recipient-refused", $"The mail server refused the recipient: {reply}", kind, error),
            _ => new MailException(System, "smtp-refused", $"The mail server refused the mail: {reply}", kind, error),
        };
    }

    private static MailException Unavailable(string words, Exception cause) => new(System, "smtp-unavailable", words, FailureKind.Outage, cause);

    // Further lines contain the library's advice.
    private static string FirstLine(Exception error) => error.Message.Split('\r', '\n')[0];
}
