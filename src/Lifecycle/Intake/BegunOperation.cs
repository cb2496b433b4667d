using Saga.Contracts.Identifiers;

namespace Saga.Lifecycle.Intake;

/// <summary>The operation that is being accepted.</summary>
/// <param name="Id">Its id.</param>
/// <param name="TenantId">Null when it works on no single tenant.</param>
/// <param name="At">When it is accepted.</param>
public sealed record BegunOperation(Guid Id, TenantId? TenantId, DateTimeOffset At)
{
    /// <summary>The tenant that it works on.</summary>
    /// <exception cref="InvalidOperationException">It works on no single tenant.</exception>
    public TenantId Tenant => TenantId ?? throw new InvalidOperationException($"Operation {Id} works on no single tenant, and its command asked for one.");
}
