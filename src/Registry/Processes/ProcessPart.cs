namespace Saga.Registry.Processes;

/// <summary>What one capability tells of the process that hosts it. Capabilities register theirs; the process's row has them all.</summary>
public sealed record ProcessPart
{
    /// <summary>Steps that run here, by their present names.</summary>
    public IReadOnlyCollection<string> Steps { get; init; } = [];

    /// <summary>Master keys that are configured here.</summary>
    public IReadOnlyCollection<string> MasterKeyIds { get; init; } = [];

    /// <summary>Whether the engine runs here.</summary>
    public bool Orchestrates { get; init; }

    /// <summary>Connections that the capability may open at most, besides the registry's pool.</summary>
    public int Connections { get; init; }
}
