namespace Saga.Registry.Placements;

/// <summary>What became of a switch of a tenant's routing.</summary>
public enum SwitchOutcome
{
    Switched,

    /// <summary>The current placement no longer has the expected epoch: somebody else switched. Nothing was changed.</summary>
    Stale,

    /// <summary>The target is no placement of the tenant that is being built or kept. Nothing was changed.</summary>
    NoTarget,
}
