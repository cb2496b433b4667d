using Saga.Contracts.Failures;
using Saga.Registry.Leases;

namespace Saga.Workers.Notification;

/// <summary>A mail to one recipient, as text and as HTML.</summary>
public sealed record Mail
{
    /// <summary>The same for every try of one mail, so that duplicates can be recognised: <c>left@right</c>, without brackets.</summary>
    public required string MessageId { get; init; }

    public required string To { get; init; }

    public required string Subject { get; init; }

    public required string Text { get; init; }

    public required string Html { get; init; }
}

/// <summary>
/// Sends mail at least once. A lost answer leads to a second mail with the same Message-ID. The lease (<see cref="LeaseGuard"/>) is
/// checked right before the mail is sent. Thread-safe.
/// </summary>
public interface IMailer
{
    /// <exception cref="LeaseLostException">The attempt may not send it any more.</exception>
    /// <exception cref="MailException">As far as is known, the mail was not sent.</exception>
    Task SendAsync(Mail mail, CancellationToken cancellationToken);
}

/// <param name="system">The external system: <c>smtp</c>, or <c>folder</c>.</param>
/// <param name="code">Stable and machine-readable, such as <c>smtp-unavailable</c>.</param>
/// <param name="kind">Whether the same mail may be sent later, and how.</param>
public sealed class MailException(string system, string code, string message, FailureKind kind, Exception? cause = null) : Exception(message, cause)
{
    public string System { get; } = system;

    public string Code { get; } = code;

    public FailureKind Kind { get; } = kind;

    public bool IsTransient => Kind != FailureKind.Permanent;
}
