using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using MimeKit;
using Saga.Contracts.Failures;

namespace Saga.Workers.Notification;

/// <summary>
/// Writes each mail as an .eml file that a person can read as it is: UTF-8, nothing encoded. The same Message-ID is the
/// same file, so a second try leaves one mail.
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
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(mail.MessageId)))[..32];
        // Written beside its place first, so that nobody reads half a mail.
        var half = Path.Combine(folder, $".{name}.{Guid.NewGuid():n}");
        try
        {
            Directory.CreateDirectory(folder);
            try
            {
                await message.WriteToAsync(Readable, half, cancellationToken);
                File.Move(half, Path.Combine(folder, name + ".eml"), overwrite: true);
            }
            finally
            {
                File.Delete(half);
            }
        }
        catch (UnauthorizedAccessException error)
        {
            throw new MailException(System, "folder-access-denied", $"The folder for mail may not be used: {error.Message}", FailureKind.Permanent, error);
        }
        catch (IOException error)
        {
            throw new MailException(System, "folder-unavailable", $"The folder for mail cannot be used: {error.Message}", FailureKind.Outage, error);
        }
    }
}
