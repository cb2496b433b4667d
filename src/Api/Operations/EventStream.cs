using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Saga.Api.Streams;
using Saga.Contracts;
using Saga.Engine.Operations;
using Saga.Registry.Operations;

namespace Saga.Api.Operations;

/// <summary>
/// An operation's history as server-sent events: first the past events after the caller's last one, then new events, until the
/// operation ends. An event's id is the id of its history line. Progress of steps is sent at
/// most once a second for each, without an id, so that it does not count as the caller's last event.
/// </summary>
internal sealed class EventStream(HistoryFeed feed, ServerSentEvents events, TimeProvider time)
{
    public static bool IsLast(string eventName) =>
        eventName is HistoryEvents.Completed or HistoryEvents.Compensated or HistoryEvents.Cancelled;

    /// <param name="context">The request.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="after">The caller's last event.</param>
    /// <param name="end">The last line of an operation that has ended, which may be a note from after its end; null for one that goes on.</param>
    public Task WriteAsync(HttpContext context, Guid operation, long after, long? end) => events.WriteAsync(context, async (writer, stop) =>
    {
        using var listener = feed.Listen(operation, after);
        while (true)
        {
            var more = await WaitAsync(listener, stop);
            if (more is null)
                await writer.KeepOpenAsync(stop);
            else if (more == false)
                return;
            while (listener.Items.TryRead(out var item))
            {
                await writer.SendAsync(item.Line is { } line ? Event(line) : Event(item.Progress!), stop);
                if (item.Line is { } last && (end is { } newest ? last.Id >= newest : IsLast(last.Event)))
                    return;
            }
        }
    });

    /// <returns>Whether there are new lines; null when a heartbeat is due.</returns>
    private async Task<bool?> WaitAsync(HistoryFeed.Listener listener, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(ServerSentEvents.Heartbeat, time);
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

    private static string Event(HistoryLine line) =>
        $"id: {line.Id.ToString(CultureInfo.InvariantCulture)}\nevent: {HistoryEvents.Current(line.Event)}\ndata: {JsonSerializer.Serialize(HistoryView.Of(line), ApiJson.Options)}\n\n";

    private static string Event(ProgressLine line)
    {
        var view = ProgressView.Of(line.Progress, line.At) with { Step = line.Step, Attempt = line.Attempt };
        return $"event: progress\ndata: {JsonSerializer.Serialize(view, ApiJson.Options)}\n\n";
    }
}
