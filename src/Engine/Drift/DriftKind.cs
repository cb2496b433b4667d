namespace Saga.Engine.Drift;

/// <summary>How a thing outside differs from what the registry says.</summary>
public enum DriftKind
{
    /// <summary>It is there, bears this installation's id, and should not be there.</summary>
    Orphan,

    /// <summary>It should be there, and is not.</summary>
    Missing,

    /// <summary>It is there, and is not as it should be.</summary>
    Different,
}
