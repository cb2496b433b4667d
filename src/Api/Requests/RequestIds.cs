using System.Diagnostics;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Saga.Api.Requests;

/// <summary>Gives each request a trace (W3C trace context), an id that the caller may choose, and one log line.</summary>
internal static class RequestIds
{
    public const string Header = "X-Request-Id";

    public static WebApplication UseRequestIds(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Saga.Api.Requests");
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.Use(async (context, next) =>
        {
            // The server starts an activity only when there is a listener, but callers always get a trace id.
            using var own = Activity.Current is null ? Begin(context.Request) : null;
            var trace = Activity.Current!.TraceId.ToString();
            var id = context.Request.Headers[Header] is [{ Length: >= 1 and <= 128 } given] && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
                ? given
                : trace;
            // Set when the response starts, because an error handler clears the headers before it responds.
            context.Response.OnStarting(() =>
            {
                context.Response.Headers[Header] = id;
                context.Response.Headers.XContentTypeOptions = "nosniff";
                // Neither a browser nor a proxy may keep what was shown to one caller.
                if (context.Response.Headers.CacheControl.Count == 0)
                    context.Response.Headers.CacheControl = "no-store";
                return Task.CompletedTask;
            });
            var began = time.GetTimestamp();
            using var scope = log.BeginScope(new Dictionary<string, object> { ["RequestId"] = id, ["TraceId"] = trace });
            try
            {
                await next(context);
            }
            finally
            {
                ApiLog.Answered(log, context.Request.Method, context.Request.Path, context.Response.StatusCode,
                    (long)time.GetElapsedTime(began).TotalMilliseconds, context.User.FindFirstValue(ClaimTypes.NameIdentifier));
            }
        });
        return app;
    }

    private static Activity Begin(HttpRequest request)
    {
        var activity = new Activity("Saga.Api.Request").SetIdFormat(ActivityIdFormat.W3C);
        if (request.Headers.TraceParent is [{ } parent] && ActivityContext.TryParse(parent, request.Headers.TraceState, out _))
            activity.SetParentId(parent);
        return activity.Start();
    }
}
