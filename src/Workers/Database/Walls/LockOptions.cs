using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Database.Walls;

/// <summary>How long locks of tenants' logins, and of workers that were stopped, may stop others. Section <c>Saga:Databases</c>.</summary>
public sealed class LockOptions : IValidatableObject
{
    public const string Section = "Saga:Databases";
    public const int DefaultBlockingSeconds = 5;
    public const int DefaultLockSeconds = 15;

    /// <summary>Seconds that a worker's or an administrator's session may wait for a tenant's login before the tenant's session is ended.</summary>
    [Range(1, 3600, ErrorMessage = "Saga:Databases:BlockingSeconds must be from 1 to 3600.")]
    public int BlockingSeconds { get; set; } = DefaultBlockingSeconds;

    /// <summary>Seconds that a step waits for a lock before it is deferred. Longer than <see cref="BlockingSeconds"/>, so that a tenant's lock is ended before.</summary>
    [Range(1, 3600, ErrorMessage = "Saga:Databases:LockSeconds must be from 1 to 3600.")]
    public int LockSeconds { get; set; } = DefaultLockSeconds;

    /// <summary>Seconds without a statement after which the server ends a worker's transaction, so that a process that was stopped keeps no locks. Long readings are exempt.</summary>
    [Range(5, 3600, ErrorMessage = "Saga:Databases:IdleInTransactionSeconds must be from 5 to 3600.")]
    public int IdleInTransactionSeconds { get; set; } = 60;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (LockSeconds <= BlockingSeconds)
            yield return new ValidationResult("Saga:Databases:LockSeconds must be more than Saga:Databases:BlockingSeconds.");
    }
}
