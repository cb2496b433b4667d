using Saga.Contracts.CustomSteps;

namespace Saga.Api.CustomSteps;

/// <summary>The whole list of custom steps.</summary>
public sealed record CustomStepsRequest
{
    /// <summary>The version that the list replaces; 0 for the first. If another one is current, the request is refused.</summary>
    public int? BasedOn { get; init; }

    /// <summary>At most 100. Operations that have begun keep the steps that they began with.</summary>
    public IReadOnlyList<CustomStep>? Steps { get; init; }

    /// <summary>Why the list changes.</summary>
    public string? Reason { get; init; }
}
