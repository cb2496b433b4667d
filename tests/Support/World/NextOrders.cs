namespace Saga.Tests.Support.World;

/// <summary>The orders for a process of the next version, which runs until its input ends.</summary>
public sealed record NextOrders
{
    /// <summary>The registry's connection string.</summary>
    public required string Registry { get; init; }

    /// <summary>The address of a virtual host.</summary>
    public required string Bus { get; init; }

    /// <summary>Whether it runs the orchestrator.</summary>
    public required bool Orchestrates { get; init; }

    /// <summary>The steps that it hosts.</summary>
    public required IReadOnlyList<string> Steps { get; init; }
}
