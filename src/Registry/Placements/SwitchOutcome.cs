namespace Saga.Registry.Placements;

/// <summary>The outcome of switching a tenant's routing.</summary>
public enum SwitchOutcome
{
    Switched,

    /// <summary>The current placement no longer has the expected epoch, because another caller switched it. Nothing was changed.</summary>
    Stale,

    /// <summary>The target is not a placement of the tenant that is being built or kept. Nothing was changed.</summary>
    NoTarget,
}
