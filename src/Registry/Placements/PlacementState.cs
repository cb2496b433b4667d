namespace Saga.Registry.Placements;

public enum PlacementState
{
    /// <summary>It is being made, or filled; nobody is routed to it.</summary>
    Building,

    /// <summary>The tenant's sessions go there. At most one of a tenant.</summary>
    Current,

    /// <summary>It was current, and is kept for a time. It takes up room, and is not missed by a comparison with the outside.</summary>
    Kept,

    /// <summary>Nothing of it is left, or will be.</summary>
    Gone,
}
