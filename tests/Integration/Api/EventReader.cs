using System.Text.Json;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.Integration.Api;

/// <summary>Reads server-sent events like a browser.</summary>
public sealed class EventReader : IAsyncDisposable
{
    private static readonly TimeSpan Patience = WaitLimit.Seconds(30);
    private readonly HttpResponseMessage response;
    private readonly StreamReader lines;

    private EventReader(HttpResponseMessage response, StreamReader lines)
    {
        this.response = response;
        this.lines = lines;
    }

    public static Task<EventReader> OpenAsync(ApiServer server, Guid operation, long? after = null, HttpClient? client = null) =>
        OpenAsync(server, $"/api/v1/operations/{operation}/events", after, client);

    public static async Task<EventReader> OpenAsync(ApiServer server, string path, long? after = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (after is not null)
            request.Headers.Add("Last-Event-ID", after.ToString());
        var answer = await (client ?? server.Viewer).SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        ((int)answer.StatusCode).ShouldBe(200);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return new(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event; an event without an id has the id 0.</summary>
    public async Task<(long Id, string Name, JsonElement Data)> NextAsync() =>
        await TryNextAsync() ?? throw new InvalidOperationException("The stream ended.");

    /// <summary>Null at the end of the stream.</summary>
    public async Task<(long Id, string Name, JsonElement Data)?> TryNextAsync()
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        using var patience = new CancellationTokenSource(Patience);
        while (await lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length == 0)
            {
                if (fields.TryGetValue("data", out var data))
                    return (fields.TryGetValue("id", out var id) ? long.Parse(id) : 0, fields["event"], JsonDocument.Parse(data).RootElement);
                fields.Clear();
            }
            else if (line[0] != ':')
            {
                fields[line[..line.IndexOf(": ", StringComparison.Ordinal)]] = line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            }
        }

        return null;
    }

    public async Task UntilHeartbeatAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await lines.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith(':'))
                return;
        }

        throw new InvalidOperationException("The stream ended.");
    }

    public ValueTask DisposeAsync()
    {
        lines.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}
