using Saga.Contracts.Commands;

namespace Saga.Tests.Support.World;

/// <summary>What a process that is to crash does until then.</summary>
public sealed record CrashOrders
{
    public required Dictionary<string, string?> Settings { get; init; }

    public required ProvisionTenant Command { get; init; }

    public required CrashPoint At { get; init; }

    /// <summary>A step that acts and then fails permanently, so that the operation turns round.</summary>
    public string? FailsForGood { get; init; }
}
