namespace Saga.Registry.Processes;

/// <summary>One capability's contribution to the process's row. Capabilities register theirs, and the row combines them.</summary>
public sealed record ProcessPart
{
    /// <summary>Steps that run in this process, by their current names.</summary>
    public IReadOnlyCollection<string> Steps { get; init; } = [];

    /// <summary>The ids of master keys configured in this process.</summary>
    public IReadOnlyCollection<string> MasterKeyIds { get; init; } = [];

    /// <summary>The id of the master key with which this process wraps; null without master keys.</summary>
    public string? ActiveMasterKeyId { get; init; }

    /// <summary>Whether the engine runs in this process.</summary>
    public bool Orchestrates { get; init; }
}
