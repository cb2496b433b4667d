namespace Saga.Contracts.Commands;

/// <summary>How many connections a process that serves a tenant keeps open to its database, and how many it opens at most.</summary>
public sealed record PoolSizes
{
    /// <summary>0 to <see cref="Maximum"/>; 0 when absent.</summary>
    public int? Minimum { get; init; }

    /// <summary>1 to the plan's database connections.</summary>
    public int? Maximum { get; init; }
}
