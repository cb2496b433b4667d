using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Saga.Api.Problems;

/// <summary>What got out of an endpoint becomes a problem: told to the caller without details, to the log with them.</summary>
internal sealed class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    public const int RetryAfterSeconds = 5;

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
            return true;
        await Of(exception, httpContext).ExecuteAsync(httpContext);
        return true;
    }

    private ProblemResult Of(Exception exception, HttpContext context)
    {
        if (Unavailability.IsRegistryDown(exception))
        {
            ApiLog.RegistryUnavailable(log, context.Request.Method, context.Request.Path, exception.Message);
            return new(ProblemType.RegistryUnavailable,
                "Nothing is known to have been written. Send the request again; with the same Idempotency-Key it cannot act twice.",
                retryAfterSeconds: RetryAfterSeconds);
        }

        if (exception is BadHttpRequestException bad)
            return FrameworkProblems.Of(bad.StatusCode);
        ApiLog.Unhandled(log, context.Request.Method, context.Request.Path, exception);
        return new(ProblemType.Internal, "The trace id finds the cause in the logs.");
    }
}
