using System.Globalization;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Saga.Api.Tokens;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>
/// An operation's history as server-sent events: first the past events after the caller's last one, then new events, until the
/// operation ends, the token expires or the process stops. An event's id is the id of its history line. Progress of steps is sent at
/// most once a second for each, without an id, so that it does not count as the caller's last event.
/// </summary>
internal sealed class EventStream(HistoryFeed feed, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static bool IsLast(string eventName) =>
        eventName is HistoryEvents.Completed or HistoryEvents.Compensated or HistoryEvents.Cancelled;

    /// <param name="context">The request.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="after">The caller's last event.</param>
    /// <param name="end">The last line of an operation that has ended, which may be a note from after its end; null for one that goes on.</param>
    public async Task WriteAsync(HttpContext context, Guid operation, long after, long? end)
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
        using var listener = feed.Listen(operation, after);
        try
        {
            await SendAsync(response, "retry: 1000\n\n", stop.Token);
            while (true)
            {
                var more = await WaitAsync(listener, stop.Token);
                if (more is null)
                    await SendAsync(response, ": still here\n\n", stop.Token);
                else if (more == false)
                    return;
                while (listener.Items.TryRead(out var item))
                {
                    await SendAsync(response, item.Line is { } line ? Event(line) : Event(item.Progress!), stop.Token);
                    if (item.Line is { } last && (end is { } newest ? last.Id >= newest : IsLast(last.Event)))
                        return;
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The caller may reconnect with its last id.
        }
    }

    /// <returns>Whether there are new lines; null when a heartbeat is due.</returns>
    private async Task<bool?> WaitAsync(HistoryFeed.Listener listener, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        try
        {
            return await listener.Items.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
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

    private static string Event(HistoryLine line) =>
        $"id: {line.Id.ToString(CultureInfo.InvariantCulture)}\nevent: {HistoryEvents.Current(line.Event)}\ndata: {JsonSerializer.Serialize(HistoryView.Of(line), ApiJson.Options)}\n\n";

    private static string Event(ProgressLine line)
    {
        var view = ProgressView.Of(line.Progress, line.At) with { Step = line.Step, Attempt = line.Attempt };
        return $"event: progress\ndata: {JsonSerializer.Serialize(view, ApiJson.Options)}\n\n";
    }

    private static async Task SendAsync(HttpResponse response, string text, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
