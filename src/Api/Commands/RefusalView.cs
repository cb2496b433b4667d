using Saga.Api.Operations;
using Saga.Api.Problems;
using Saga.Contracts.Commands;

namespace Saga.Api.Commands;

/// <summary>The problem that the command would return.</summary>
public sealed record RefusalView
{
    public required string Type { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public required IReadOnlyList<ProblemError> Errors { get; init; }

    public string? Operation { get; init; }

    public static RefusalView? Of(OperationRejected? rejection) => rejection is null ? null : new()
    {
        Type = ProblemType.UriPrefix + rejection.Code,
        Status = ProblemType.OfRejection(rejection.Code).Status,
        Detail = rejection.Detail,
        Errors = [.. rejection.Errors.Select(e => new ProblemError { Pointer = e.Pointer, Detail = e.Detail })],
        Operation = rejection.OperationId is { } id ? OperationEndpoints.Address(id) : null,
    };
}
