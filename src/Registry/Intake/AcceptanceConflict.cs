using Saga.Registry.Operations;

namespace Saga.Registry.Intake;

/// <summary>The reason why an operation was not accepted.</summary>
public abstract record AcceptanceConflict
{
    private AcceptanceConflict()
    {
    }

    /// <summary>Another operation holds one of the scopes. Reports the first taken scope in order.</summary>
    public sealed record ScopeTaken(ScopeHolder Holder) : AcceptanceConflict;

    /// <summary>The parent has ended or does not exist.</summary>
    public sealed record ParentEnded(Guid ParentId) : AcceptanceConflict;

    /// <summary>Another replay of the operation is open or has completed.</summary>
    public sealed record Replayed(Guid OperationId) : AcceptanceConflict;
}
