using MailKit.Security;
using Microsoft.Extensions.Options;

namespace Saga.Workers.Notification;

/// <summary>How mail is sent. Section <c>Saga:Mail</c>.</summary>
public sealed class MailOptions
{
    public const string Section = "Saga:Mail";
    public const string SmtpAdapter = "smtp";
    public const string FolderAdapter = "folder";

    /// <summary><c>smtp</c> or <c>folder</c>.</summary>
    public string Adapter { get; set; } = "";

    /// <summary>The sender's address, with or without a name: <c>Acme &lt;no-reply@acme.example&gt;</c>.</summary>
    public string From { get; set; } = "";

    /// <summary>The http or https address where administrators sign in.</summary>
    public string SignInUrl { get; set; } = "";

    public FolderMailOptions Folder { get; set; } = new();

    public SmtpOptions Smtp { get; set; } = new();
}

public sealed class FolderMailOptions
{
    /// <summary>The folder for the .eml files; created when missing.</summary>
    public string Path { get; set; } = "";
}

public sealed class SmtpOptions
{
    public string Host { get; set; } = "";

    public int Port { get; set; } = 587;

    /// <summary>Empty to send without signing in.</summary>
    public string Username { get; set; } = "";

    public string Password { get; set; } = "";

    /// <summary>
    /// <c>starttls</c> (or <c>true</c>) requires STARTTLS, <c>implicit</c> uses TLS from the first byte, and <c>none</c> (or
    /// <c>false</c>) sends everything unencrypted, including the password. No mode falls back to another.
    /// </summary>
    public string Tls { get; set; } = "starttls";

    /// <summary>Whether to check that the server's certificate is not revoked. If the issuer cannot be reached, the certificate is refused.</summary>
    public bool CheckCertificateRevocation { get; set; } = true;

    /// <summary>Time limit for one mail.</summary>
    public int TimeoutSeconds { get; set; } = 20;

    internal SecureSocketOptions Security() => Mode(Tls) ?? throw new InvalidOperationException($"'{Tls}' is not a TLS mode.");

    internal static SecureSocketOptions? Mode(string text) => text.ToLowerInvariant() switch
    {
        "starttls" or "true" => SecureSocketOptions.StartTls,
        "implicit" => SecureSocketOptions.SslOnConnect,
        "none" or "false" => SecureSocketOptions.None,
        _ => null,
    };
}

internal sealed class MailOptionsValidation : IValidateOptions<MailOptions>
{
    public ValidateOptionsResult Validate(string? name, MailOptions options)
    {
        var errors = new List<string>();
        if (MailMessages.Mailbox(options.From) is null)
            errors.Add("Saga:Mail:From must be the sender's mail address.");
        if (!(Uri.TryCreate(options.SignInUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            errors.Add("Saga:Mail:SignInUrl must be the http or https address where administrators sign in.");
        if (options.Adapter is not (MailOptions.SmtpAdapter or MailOptions.FolderAdapter))
            errors.Add("Saga:Mail:Adapter must be 'smtp' or 'folder'.");
        if (options.Adapter == MailOptions.FolderAdapter && string.IsNullOrWhiteSpace(options.Folder.Path))
            errors.Add("Saga:Mail:Folder:Path must be the folder for mails.");
        if (options.Adapter == MailOptions.SmtpAdapter)
            Smtp(options.Smtp, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void Smtp(SmtpOptions smtp, List<string> errors)
    {
        if (string.IsNullOrWhiteSpace(smtp.Host))
            errors.Add("Saga:Mail:Smtp:Host must be the mail server's name.");
        if (smtp.Port is < 1 or > 65535)
            errors.Add("Saga:Mail:Smtp:Port must be 1 to 65535.");
        if (smtp.Username.Length == 0 != (smtp.Password.Length == 0))
            errors.Add("Saga:Mail:Smtp:Username and Saga:Mail:Smtp:Password must both be given, or neither.");
        if (SmtpOptions.Mode(smtp.Tls) is null)
            errors.Add("Saga:Mail:Smtp:Tls must be 'starttls', 'implicit' or 'none'.");
        if (smtp.TimeoutSeconds is < 1 or > 600)
            errors.Add("Saga:Mail:Smtp:TimeoutSeconds must be 1 to 600.");
    }
}
