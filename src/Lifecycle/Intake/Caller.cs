using Saga.Registry.Audit;

namespace Saga.Lifecycle.Intake;

/// <summary>How a command came in.</summary>
public enum CallerKind
{
    /// <summary>Over HTTP, with a token.</summary>
    Token,

    /// <summary>Over the bus. The broker controls who may send.</summary>
    Bus,

    /// <summary>At the time for which it was scheduled.</summary>
    Schedule,

    /// <summary>By a program of the installation itself.</summary>
    System,

    /// <summary>As an item of a batch.</summary>
    Batch,
}

/// <summary>
/// Who sent a command: the scope of its idempotency key, and the actor in the audit log. The kind is part of it, so that no token can
/// name a subject that is taken for a caller of another kind.
/// </summary>
public readonly record struct Caller
{
    private const string BusName = "bus";
    private const string TokenPrefix = "token:";

    // Names of kinds, present and future, and what the audit log calls those who are not known.
    private static readonly string[] Reserved = [BusName, "token", "rule", "schedule", "system", "operation", "operator", "batch", RefusedRequests.Unknown, RefusedRequests.Several];

    private readonly string? subject;

    private Caller(CallerKind kind, string subject, bool isAdministrator = true) => (Kind, this.subject, IsAdministrator) = (kind, subject, isAdministrator);

    /// <summary>Every sender on the bus.</summary>
    public static Caller Bus { get; } = new(CallerKind.Bus, BusName);

    /// <summary>The installation itself.</summary>
    public static Caller System { get; } = new(CallerKind.System, "system");

    public CallerKind Kind { get; }

    /// <summary>Whether it may order what operators may not: give a command again, or let a removal go on. Who may send on the bus may, and so may the installation itself.</summary>
    public bool IsAdministrator { get; }

    /// <param name="scheduled">The scheduled command.</param>
    public static Caller OfSchedule(Guid scheduled) => new(CallerKind.Schedule, $"schedule:{scheduled:d}");

    /// <param name="batch">The batch.</param>
    /// <param name="isAdministrator">Whether whoever runs it may order what operators may not.</param>
    public static Caller OfBatch(Guid batch, bool isAdministrator) => new(CallerKind.Batch, $"batch:{batch:d}", isAdministrator);

    /// <param name="subject">The token's subject.</param>
    /// <param name="isAdministrator">Whether the token has the role platform-admin.</param>
    public static Caller OfToken(string subject, bool isAdministrator = false) => new(CallerKind.Token, subject, isAdministrator);

    /// <summary>
    /// The stored form. A token's subject is stored as it is, unless it could be read as another kind: then it is prefixed. Different
    /// callers have different forms.
    /// </summary>
    public override string ToString()
    {
        var name = subject ?? throw new InvalidOperationException("The caller is not known.");
        return Kind == CallerKind.Token && Array.Exists(Reserved, word => name == word || name.StartsWith(word + ":", StringComparison.Ordinal)) ? TokenPrefix + name : name;
    }
}
