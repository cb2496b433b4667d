namespace Saga.Registry.Placements;

public enum PlacementState
{
    /// <summary>It is being created or filled. No sessions are routed to it.</summary>
    Building,

    /// <summary>The tenant's sessions use it. A tenant has at most one current placement.</summary>
    Current,

    /// <summary>It was current, or has the rows that a restore replaced, and is kept for a while. It still counts as used room, and comparisons with external systems expect it.</summary>
    Kept,

    /// <summary>Nothing of it is left, and nothing will be created.</summary>
    Gone,
}
