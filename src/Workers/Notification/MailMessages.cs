using Saga.Contracts.Failures;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;

namespace Saga.Workers.Notification;

/// <summary>Puts a mail into the platform's form, and refuses what would become a header of its own.</summary>
internal static class MailMessages
{
    /// <exception cref="MailException">The recipient is no address, or the subject or id holds a line break.</exception>
    public static MailMessage Create(string from, Mail mail, string system)
    {
        if (!MailAddress.TryCreate(mail.To, out var to) || to.Address != mail.To || mail.To.Any(char.IsControl))
            throw new MailException(system, "mail-address-invalid", "The recipient is not a mail address.", FailureKind.Permanent);
        if (mail.Subject.Any(char.IsControl) || mail.MessageId.Any(c => char.IsControl(c) || c is ' ' or '<' or '>'))
            throw new MailException(system, "mail-header-invalid", "The subject or the Message-ID holds a control character.", FailureKind.Permanent);
        var message = new MailMessage
        {
            From = new MailAddress(from),
            Subject = mail.Subject,
            SubjectEncoding = Encoding.UTF8,
            HeadersEncoding = Encoding.UTF8,
        };
        message.To.Add(to);
        message.Headers.Add("Message-ID", $"<{mail.MessageId}>");
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.AlternateViews.Add(AlternateView.CreateAlternateViewFromString(mail.Text, Encoding.UTF8, MediaTypeNames.Text.Plain));
        message.AlternateViews.Add(AlternateView.CreateAlternateViewFromString(mail.Html, Encoding.UTF8, MediaTypeNames.Text.Html));
        return message;
    }
}
