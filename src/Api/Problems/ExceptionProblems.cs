using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Saga.Api.Problems;

/// <summary>Turns an endpoint's unhandled exception into a problem response without details, and logs the details.</summary>
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
                "It is not known whether anything was written. Send the request again with the same Idempotency-Key, so that it cannot act twice.",
                retryAfterSeconds: RetryAfterSeconds);
        }

        if (exception is BadHttpRequestException bad)
            return FrameworkProblems.Of(bad.StatusCode);
        ApiLog.Unhandled(log, context.Request.Method, context.Request.Path, exception);
        return new(ProblemType.Internal, "Search the logs for the trace id to find the cause.");
    }
}
