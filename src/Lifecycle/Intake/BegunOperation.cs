using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Intake;

/// <summary>The operation that is being accepted.</summary>
/// <param name="Id">The operation's id.</param>
/// <param name="TenantId">The tenant; null when it does not concern a single tenant.</param>
/// <param name="At">When it is accepted, by the registry's clock.</param>
public sealed record BegunOperation(Guid Id, TenantId? TenantId, DateTimeOffset At)
{
    /// <summary>Who sent the command, as in the audit log; empty while conflicts are looked for.</summary>
    public string Caller { get; init; } = "";

    /// <summary>The tenant that it concerns.</summary>
    /// <exception cref="InvalidOperationException">It does not concern a single tenant.</exception>
    public TenantId Tenant => TenantId ?? throw new InvalidOperationException($"Operation {Id} does not concern a single tenant, but its command needs one.");
}
