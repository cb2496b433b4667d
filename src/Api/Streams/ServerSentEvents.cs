using System.Globalization;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Saga.Api.Tokens;

namespace Saga.Api.Streams;

/// <summary>
/// Responses of server-sent events (WHATWG HTML, "Server-sent events"). A stream ends when its writer ends, the token expires, after an hour, or when the
/// process stops; the caller may connect again. Thread-safe.
/// </summary>
internal sealed class ServerSentEvents(TimeProvider time, IHostApplicationLifetime lifetime)
{
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Begins the response, and writes until the writer or the stream ends.</summary>
    /// <param name="context">The request.</param>
    /// <param name="write">Writes events until there are no more. Not called for a request without a body.</param>
    public async Task WriteAsync(HttpContext context, Func<EventWriter, CancellationToken, Task> write)
    {
        using var expiry = new CancellationTokenSource(UntilExpiry(context.User), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping, expiry.Token);
        var response = context.Response;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        // Buffering reverse proxies would delay events.
        response.Headers["X-Accel-Buffering"] = "no";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        // Without a body there is nothing to wait for.
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        try
        {
            var writer = new EventWriter(response);
            await writer.SendAsync("retry: 1000\n\n", stop.Token);
            await write(writer, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The caller may reconnect.
        }
    }

    private TimeSpan UntilExpiry(ClaimsPrincipal user)
    {
        if (!long.TryParse(user.FindFirstValue(BearerHandler.ExpiresClaim), CultureInfo.InvariantCulture, out var seconds))
            return Longest;
        var left = DateTimeOffset.FromUnixTimeSeconds(seconds) - time.GetUtcNow();
        // Within the clock skew a token is valid slightly longer than it says.
        return left > Longest ? Longest : left < TimeSpan.FromSeconds(30) ? TimeSpan.FromSeconds(30) : left;
    }
}

/// <summary>Writes events to one response.</summary>
internal sealed class EventWriter(HttpResponse response)
{
    /// <summary>A comment, which keeps connections open that proxies would end.</summary>
    public Task KeepOpenAsync(CancellationToken cancellationToken) => SendAsync(": still here\n\n", cancellationToken);

    /// <summary>Sends text in the format of the stream.</summary>
    public async Task SendAsync(string text, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
