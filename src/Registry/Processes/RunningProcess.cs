namespace Saga.Registry.Processes;

/// <summary>One process of the installation.</summary>
public sealed record RunningProcess
{
    public required Guid Id { get; init; }

    public required string Program { get; init; }

    public required string Version { get; init; }

    /// <summary>Whether the engine runs in the process.</summary>
    public required bool Orchestrates { get; init; }

    public required int EngineLevel { get; init; }

    public required IReadOnlyList<string> Steps { get; init; }

    public required IReadOnlyList<string> MasterKeyIds { get; init; }

    /// <summary>The master key with which it wraps; null without master keys, and for processes of the version before this one.</summary>
    public string? ActiveMasterKeyId { get; init; }

    /// <summary>The most connections that it may open to all PostgreSQL servers together.</summary>
    public required int ConnectionBudget { get; init; }
}
