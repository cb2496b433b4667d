using Saga.Contracts.Identifiers;

namespace Saga.Engine.Workflows;

/// <summary>
/// What follows when an operator states what is there, instead of having it made or undone.
/// </summary>
public sealed record ForcedEnds
{
    /// <summary>The tenant's status once the operation has completed; null when it cannot be completed in this way.</summary>
    public TenantStatus? Completed { get; init; }

    /// <summary>The tenant's status once the operation is undone; null when it cannot be undone in this way.</summary>
    public TenantStatus? Undone { get; init; }

    /// <summary>
    /// Steps of which it may be stated that they are done, because they leave nothing in the registry that others rely on. A team's own steps and
    /// waits are such steps in any case, and what only writes the registry is not stated, but runs.
    /// </summary>
    public IReadOnlyList<string> Statable { get; init; } = [];

    /// <summary>Those of them whose effect may be absent although the operation has completed.</summary>
    public IReadOnlyList<string> Dispensable { get; init; } = [];
}
