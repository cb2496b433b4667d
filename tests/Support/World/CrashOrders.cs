using Saga.Contracts.Commands;

namespace Saga.Tests.Support.World;

/// <summary>The orders for a process that is going to crash.</summary>
public sealed record CrashOrders
{
    public required Dictionary<string, string?> Settings { get; init; }

    /// <summary>The provisioning that it submits; null for another command.</summary>
    public ProvisionTenant? Command { get; init; }

    /// <summary>Any other command.</summary>
    public AnyCommand? Any { get; init; }

    /// <summary>Whether it submits nothing, because its command is scheduled.</summary>
    public bool Waits { get; init; }

    public required CrashPoint At { get; init; }

    /// <summary>A step that takes effect and then fails permanently, so that the operation compensates.</summary>
    public string? FailsPermanently { get; init; }
}
