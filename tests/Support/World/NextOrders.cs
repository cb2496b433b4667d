namespace Saga.Tests.Support.World;

/// <summary>What a process of tomorrow's version does until the end of its input.</summary>
public sealed record NextOrders
{
    /// <summary>The registry's connection string.</summary>
    public required string Registry { get; init; }

    /// <summary>A virtual host's address.</summary>
    public required string Bus { get; init; }

    /// <summary>Whether it orchestrates.</summary>
    public required bool Orchestrates { get; init; }

    /// <summary>The steps that it hosts.</summary>
    public required IReadOnlyList<string> Steps { get; init; }
}
