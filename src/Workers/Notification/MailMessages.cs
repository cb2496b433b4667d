using MimeKit;
using MimeKit.Text;
using Saga.Contracts.Failures;

namespace Saga.Workers.Notification;

/// <summary>Builds a MIME message from a mail, and prevents header injection.</summary>
internal static class MailMessages
{
    private static readonly ParserOptions Strict = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict,
        AllowAddressesWithoutDomain = false,
        AllowUnquotedCommasInAddresses = false,
    };

    /// <param name="encoding">The transfer encoding of both parts.</param>
    /// <exception cref="MailException">The recipient is not an address, or the subject or id contains a control character.</exception>
    public static MimeMessage Create(string from, Mail mail, string system, TimeProvider clock, ContentEncoding encoding)
    {
        if (Mailbox(mail.To) is not { } to || to.Address != mail.To)
            throw new MailException(system, "mail-address-invalid", "The recipient is not a mail address.", FailureKind.Permanent);
        if (mail.Subject.Any(char.IsControl) || mail.MessageId.Any(c => char.IsControl(c) || c is ' ' or '<' or '>'))
            throw new MailException(system, "mail-header-invalid", "The subject or the Message-ID contains a control character.", FailureKind.Permanent);
        var message = new MimeMessage { Subject = mail.Subject, MessageId = mail.MessageId, Date = clock.GetUtcNow() };
        message.From.Add(Mailbox(from) ?? throw new MailException(system, "mail-address-invalid", "Saga:Mail:From is not a mail address.", FailureKind.Permanent));
        message.To.Add(to);
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.Body = new MultipartAlternative(
            new TextPart(TextFormat.Plain) { Text = mail.Text, ContentTransferEncoding = encoding },
            new TextPart(TextFormat.Html) { Text = mail.Html, ContentTransferEncoding = encoding });
        return message;
    }

    /// <summary>One mailbox with a domain; null when the text is anything else.</summary>
    public static MailboxAddress? Mailbox(string text) =>
        !text.Any(char.IsControl) && MailboxAddress.TryParse(Strict, text, out var mailbox) ? mailbox : null;
}
