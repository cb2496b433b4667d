using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Saga.Api.Problems;

/// <summary>An error, as RFC 9457 says it.</summary>
public sealed record Problem
{
    public const string ContentType = "application/problem+json";

    /// <summary>Stable; what a program should branch on.</summary>
    public required string Type { get; init; }

    public required string Title { get; init; }

    public required int Status { get; init; }

    /// <summary>This occurrence, in words.</summary>
    public string? Detail { get; init; }

    /// <summary>The W3C trace id under which the logs have it.</summary>
    public required string TraceId { get; init; }

    /// <summary>What is wrong, field by field.</summary>
    public IReadOnlyList<ProblemError>? Errors { get; init; }

    /// <summary>The operation that stands in the way: its address.</summary>
    public string? Operation { get; init; }
}

/// <summary>One fault, and the rule it breaks.</summary>
public sealed record ProblemError
{
    /// <summary>The field of the body, as a JSON pointer.</summary>
    public string? Pointer { get; init; }

    /// <summary>The query parameter or header.</summary>
    public string? Parameter { get; init; }

    public required string Detail { get; init; }
}

/// <summary>Answers with a problem; also where no endpoint runs.</summary>
public sealed class ProblemResult(
    ProblemType type, string? detail = null, IReadOnlyList<ProblemError>? errors = null, string? operation = null, int? retryAfterSeconds = null) : IResult
{
    /// <summary>More faults than this are counted, not named: a small body must not fetch a large answer.</summary>
    public const int MaxErrors = 100;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = type.Status;
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
                Detail = errors is { Count: > MaxErrors } ? $"{detail} The first {MaxErrors} of {errors.Count} are named." : detail,
                TraceId = Activity.Current?.TraceId.ToString() ?? httpContext.TraceIdentifier,
                Errors = errors is { Count: > 0 } ? [.. errors.Take(MaxErrors)] : null,
                Operation = operation,
            },
            ApiJson.Options, Problem.ContentType, httpContext.RequestAborted);
    }
}
