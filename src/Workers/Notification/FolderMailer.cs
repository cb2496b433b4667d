using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using MimeKit;
using Saga.Contracts.Failures;
using Saga.Registry.Leases;

namespace Saga.Workers.Notification;

/// <summary>
/// Writes each mail as a human-readable .eml file: UTF-8 without transfer encoding. Mails with the same Message-ID use the same
/// file, so a second try leaves one mail.
/// </summary>
internal sealed class FolderMailer(IOptions<MailOptions> options, TimeProvider clock) : IMailer
{
    private const string System = "folder";
    private static readonly FormatOptions Readable = new() { International = true, NewLineFormat = NewLineFormat.Dos };

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var message = MailMessages.Create(options.Value.From, mail, System, clock, ContentEncoding.EightBit);
        var folder = Path.GetFullPath(options.Value.Folder.Path);
        var name = Name(mail);
        // Written to a temporary file first, so that nobody reads half a mail.
        var half = Path.Combine(folder, $".{name}.{Guid.NewGuid():n}");
        try
        {
            Directory.CreateDirectory(folder);
            try
            {
                await message.WriteToAsync(Readable, half, cancellationToken);
                await LeaseGuard.RequireAsync(cancellationToken);
                File.Move(half, Path.Combine(folder, name + ".eml"), overwrite: true);
            }
            finally
            {
                File.Delete(half);
            }
        }
        catch (UnauthorizedAccessException error)
        {
            throw new MailException(System, "folder-access-denied", $"Access to the mail folder was denied: {error.Message}", FailureKind.Permanent, error);
        }
        catch (IOException error)
        {
            throw new MailException(System, "folder-unavailable", $"The mail folder cannot be used: {error.Message}", FailureKind.Outage, error);
        }
    }

    // The recipient, and enough of the Message-ID's hash to tell mails apart.
    private static string Name(Mail mail)
    {
        var to = string.Concat(mail.To.Take(100).Select(c => char.IsAsciiLetterOrDigit(c) || c is '@' or '.' or '-' or '_' or '+' ? c : '_'));
        return $"{to.TrimStart('.')}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(mail.MessageId)))[..16]}";
    }
}
