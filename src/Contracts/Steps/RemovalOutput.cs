using Saga.Contracts.Deletion;

namespace Saga.Contracts.Steps;

/// <summary>What a step removed of a tenant; the deletion certificate repeats it.</summary>
public sealed record RemovalOutput
{
    public required IReadOnlyList<RemovedResource> Removed { get; init; }
}
