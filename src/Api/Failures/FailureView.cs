using Saga.Contracts.Failures;
using Saga.Contracts.Steps;

namespace Saga.Api.Failures;

/// <summary>Why a step failed.</summary>
public sealed record FailureView
{
    /// <summary>Stable and machine-readable, such as <c>server-full</c>; failures are grouped by it.</summary>
    public required string Code { get; init; }

    /// <summary>Names the thing that failed.</summary>
    public required string Message { get; init; }

    /// <summary>What the operator can do.</summary>
    public string? Remedy { get; init; }

    public FailureKind Kind { get; init; }

    /// <summary>Whether the same attempt may succeed later.</summary>
    public bool Transient { get; init; }

    /// <summary>The external system that failed, such as <c>postgresql:eu-1</c>.</summary>
    public string? System { get; init; }

    /// <summary>The address of a page that says what the code means, what to look at and what to do; absent for a code of a team's own step.</summary>
    public string? Help { get; init; }

    internal static FailureView? Of(Failure? failure, FailureHelp? help) => failure is null ? null : new()
    {
        Code = failure.Code,
        Message = failure.Message,
        Remedy = failure.Remedy,
        Kind = failure.Kind,
        Transient = failure.Transient,
        System = failure.System,
        Help = help?.AddressOf(failure.Code),
    };
}
