namespace Saga.Registry.Exports;

public enum ExportState
{
    /// <summary>Its operation has not ended.</summary>
    Running,

    /// <summary>Its file can be downloaded until it expires.</summary>
    Completed,

    /// <summary>It failed or was cancelled, and what it had written was removed.</summary>
    Failed,

    /// <summary>Its file was removed.</summary>
    Removed,
}
