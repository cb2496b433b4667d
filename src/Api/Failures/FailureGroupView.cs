using Saga.Registry.Operations;

namespace Saga.Api.Failures;

/// <summary>Operations that failed in the same way.</summary>
public sealed record FailureGroupView
{
    /// <summary>Stands for what they have in common; the same tomorrow.</summary>
    public required Guid Fingerprint { get; init; }

    /// <summary>The kind of operation, such as <c>provision</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The step that failed; absent when none did, as when an operation waited too long for its scopes.</summary>
    public string? Step { get; init; }

    /// <summary><c>forward</c>, or <c>back</c> if the step's compensation failed.</summary>
    public required string Direction { get; init; }

    /// <summary>The failure's code.</summary>
    public required string Code { get; init; }

    /// <summary>The external system that failed, such as <c>postgresql:eu-1</c>.</summary>
    public string? System { get; init; }

    /// <summary>How many operations; of steps that are tried again, how many steps.</summary>
    public required long Count { get; init; }

    /// <summary>How many of them are stalled: they wait for an operator.</summary>
    public required long Stalled { get; init; }

    /// <summary>How many tenants they belong to.</summary>
    public required long Tenants { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>The id of the operation that failed last.</summary>
    public required Guid Sample { get; init; }

    /// <summary>The sample's failure in words.</summary>
    public string? Message { get; init; }

    /// <summary>What the operator can do.</summary>
    public string? Remedy { get; init; }

    /// <summary>The plans of the tenants.</summary>
    public required IReadOnlyList<string> Plans { get; init; }

    /// <summary>The isolation tiers of the tenants.</summary>
    public required IReadOnlyList<string> Tiers { get; init; }

    /// <summary>The address of the code's page; absent for a code of a team's own step.</summary>
    public string? Help { get; init; }

    internal static FailureGroupView Of(FailureGroup group, FailureHelp help) => new()
    {
        Fingerprint = group.Id,
        Kind = group.Kind,
        Step = group.Step,
        Direction = group.Direction.ToString().ToLowerInvariant(),
        Code = group.Code,
        System = group.System,
        Count = group.Count,
        Stalled = group.Stalled,
        Tenants = group.Tenants,
        FirstSeenAt = group.FirstSeenAt,
        LastSeenAt = group.LastSeenAt,
        Sample = group.Sample,
        Message = group.Failure?.Message,
        Remedy = group.Failure?.Remedy,
        Plans = group.Plans,
        Tiers = group.Tiers,
        Help = help.AddressOf(group.Code),
    };
}
