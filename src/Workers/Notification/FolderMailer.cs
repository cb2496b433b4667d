using Microsoft.Extensions.Options;
using Saga.Contracts.Failures;
using System.Net.Mail;
using System.Security.Cryptography;
using System.Text;

namespace Saga.Workers.Notification;

/// <summary>Writes each mail as an .eml file. The same Message-ID is the same file: a second try leaves one mail.</summary>
internal sealed class FolderMailer(IOptions<MailOptions> options) : IMailer
{
    private const string System = "folder";

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var message = MailMessages.Create(options.Value.From, mail, System);
        var folder = Path.GetFullPath(options.Value.Folder.Path);
        var incoming = Directory.CreateTempSubdirectory("saga-mail-");
        try
        {
            Directory.CreateDirectory(folder);
            using var client = new SmtpClient { DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory, PickupDirectoryLocation = incoming.FullName };
            await client.SendMailAsync(message, cancellationToken);
            var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(mail.MessageId)))[..32];
            // Copied beside its place first: the move is whole, also from another file system.
            var half = Path.Combine(folder, $".{name}.{Guid.NewGuid():n}");
            File.Copy(incoming.GetFiles("*.eml").Single().FullName, half);
            File.Move(half, Path.Combine(folder, name + ".eml"), overwrite: true);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new MailException(System, "folder-access-denied", $"The folder for mail may not be used: {error.Message}", FailureKind.Permanent, error);
        }
        catch (Exception error) when (error is IOException or SmtpException)
        {
            throw new MailException(System, "folder-unavailable", $"The folder for mail cannot be used: {error.Message}", FailureKind.Outage, error);
        }
        finally
        {
            incoming.Delete(recursive: true);
        }
    }
}
