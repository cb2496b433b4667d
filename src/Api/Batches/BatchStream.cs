using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Saga.Api.Problems;
using Saga.Api.Streams;

namespace Saga.Api.Batches;

/// <summary>
/// A batch as server-sent events named <c>batch</c>: at first as it is, and then whenever it has changed, at most once a second, until it has ended. Each
/// event has the whole batch, so a caller who connects again has missed nothing that still holds.
/// </summary>
internal sealed class BatchStream(ServerSentEvents events, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <param name="context">The request.</param>
    /// <param name="show">Reads the batch; null when it was deleted, because nobody ran it.</param>
    public Task WriteAsync(HttpContext context, Func<CancellationToken, Task<BatchView?>> show) => events.WriteAsync(context, async (writer, stop) =>
    {
        var (last, sentAt) = ("", time.GetTimestamp());
        while (true)
        {
            var (batch, isAway) = await TryAsync(show, stop);
            if (batch is null && !isAway)
                return;
            var text = batch is null ? last : JsonSerializer.Serialize(batch, ApiJson.Options);
            if (text != last)
            {
                await writer.SendAsync($"event: batch\ndata: {text}\n\n", stop);
                (last, sentAt) = (text, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(sentAt) >= ServerSentEvents.Heartbeat)
            {
                await writer.KeepOpenAsync(stop);
                sentAt = time.GetTimestamp();
            }

            if (batch?.EndedAt is not null)
                return;
            await Task.Delay(Interval, time, stop);
        }
    });

    // The caller waits for the registry, like one who follows an operation.
    private static async Task<(BatchView? Batch, bool IsAway)> TryAsync(Func<CancellationToken, Task<BatchView?>> show, CancellationToken stop)
    {
        try
        {
            return (await show(stop), false);
        }
        catch (Exception error) when (Unavailability.IsRegistryDown(error))
        {
            return (null, true);
        }
    }
}
