namespace Saga.Registry.Plans;

/// <summary>A version of a plan, and who has it.</summary>
public sealed record PlanVersion
{
    public required int Version { get; init; }

    public string? Note { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Live tenants that run on it.</summary>
    public required long Tenants { get; init; }
}
