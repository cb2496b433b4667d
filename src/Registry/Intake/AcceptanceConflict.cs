using Saga.Registry.Operations;

namespace Saga.Registry.Intake;

/// <summary>Why nothing was accepted.</summary>
public abstract record AcceptanceConflict
{
    private AcceptanceConflict()
    {
    }

    /// <summary>Another operation keeps one of the scopes: the first of them, in their order.</summary>
    public sealed record ScopeTaken(ScopeHolder Holder) : AcceptanceConflict;

    /// <summary>The parent has ended, or there is none of that id.</summary>
    public sealed record ParentEnded(Guid ParentId) : AcceptanceConflict;
}
