using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Saga.Api.Problems;

/// <summary>An error response according to RFC 9457.</summary>
public sealed record Problem
{
    public const string ContentType = "application/problem+json";

    /// <summary>Stable. Programs should branch on it.</summary>
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    /// <summary>A description of this occurrence.</summary>
    public string? Detail { get; init; }

    /// <summary>The W3C trace id, to find the error in the logs.</summary>
    public required string TraceId { get; init; }

    /// <summary>The errors, one per field.</summary>
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>The address of the operation that blocks the command.</summary>
    public string? Operation { get; init; }
}

/// <summary>One error: a field, and the rule it breaks.</summary>
public sealed record ProblemError
{
    /// <summary>The field of the body, as a JSON pointer.</summary>
    public string? Pointer { get; init; }

    /// <summary>The query parameter or header.</summary>
    public string? Parameter { get; init; }

    public required string Detail { get; init; }
}

/// <summary>Writes a problem response, also where no endpoint runs.</summary>
public sealed class ProblemResult(
    ProblemType type, string? detail = null, IReadOnlyList<ProblemError>? errors = null, string? operation = null, int? retryAfterSeconds = null) : IResult
{
    /// <summary>Further errors are only counted, so that a small body cannot cause a large response.</summary>
    public const int MaxErrors = 100;

    /// <summary>The same with other pointers, for a body that names fields otherwise than the command does.</summary>
    public ProblemResult WithPointers(Func<string, string> rename) =>
        new(type, detail, errors?.Select(e => e with { Pointer = e.Pointer is { } pointer ? rename(pointer) : null }).ToList(), operation, retryAfterSeconds);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = type.Status;
        httpContext.Features.Set(new ShownProblem(type, detail));
        if (retryAfterSeconds is { } seconds)
            httpContext.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (operation is not null)
            httpContext.Response.Headers.Append("Link", $"<{operation}>; rel=\"related\"");
        return httpContext.Response.WriteAsJsonAsync(
            new Problem
            {
                Type = type.Uri,
                Title = type.Title,
                Status = type.Status,
                Detail = errors is { Count: > MaxErrors } ? $"{detail} The first {MaxErrors} of {errors.Count} are listed." : detail,
                TraceId = Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier,
                Errors = errors is { Count: > 0 } ? [.. errors.Take(MaxErrors)] : null,
                Operation = operation,
            },
            ApiJson.Options, Problem.ContentType, httpContext.RequestAborted);
    }
}

/// <summary>The problem that answers a request.</summary>
internal sealed record ShownProblem(ProblemType Type, string? Detail);
