using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Http;

/// <summary>Sends signed calls to endpoints. Thread-safe.</summary>
internal sealed class EndpointWire(HttpClient http, IOptions<HttpStepsOptions> options, TimeProvider time)
{
    public const int MaxBody = 64 * 1024;

    private readonly Dictionary<string, byte[][]> keys = options.Value.Secrets.ToDictionary(s => s.Key, s => s.Value.Select(v => WebhookSecret.Parse(v)!).ToArray(), StringComparer.Ordinal);

    /// <param name="call">What it is, for messages.</param>
    /// <param name="method">POST, or GET to ask how far the endpoint is.</param>
    /// <param name="url">The endpoint.</param>
    /// <param name="id">The same for every attempt.</param>
    /// <param name="secret">The name of the signing secret.</param>
    /// <param name="body">JSON; empty for GET.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="StepFailureException">There is no answer.</exception>
    public async Task<EndpointAnswer> SendAsync(string call, HttpMethod method, Uri url, string id, string secret, byte[] body, CancellationToken cancellationToken)
    {
        if (!keys.TryGetValue(secret, out var signers))
            throw EndpointFailures.SecretMissing(secret);
        using var waiting = ExternalCalls.Begin(EndpointFailures.SystemOf(url));
        if (method != HttpMethod.Get)
            await LeaseGuard.RequireAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(options.Value.RequestSeconds));
        try
        {
            using var request = Request(method, url, id, signers, body);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return new(
                (int)response.StatusCode, response.Headers.Location, After(response.Headers.RetryAfter), response.Content.Headers.ContentType?.MediaType?.ToLowerInvariant() ?? "",
                await ReadAsync(response.Content, limit.Token));
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            // Otherwise no connection could be made in time.
            var sent = limit.IsCancellationRequested;
            var seconds = sent ? options.Value.RequestSeconds : options.Value.ConnectSeconds;
            throw EndpointFailures.Silent(call, url, string.Create(CultureInfo.InvariantCulture, $"there was {(sent ? "none" : "no connection")} within {seconds} s."), sent, error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            if (Find<LeaseLostException>(error) is { } lost)
                throw lost;
            throw Find<AddressRefusedException>(error) is { } refused
                ? EndpointFailures.AddressRefused(call, url, refused)
                : EndpointFailures.Silent(call, url, error.GetBaseException().Message, sent: !NeverSent(error), error);
        }
    }

    private HttpRequestMessage Request(HttpMethod method, Uri url, string id, byte[][] signers, byte[] body)
    {
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(method, url);
        request.Headers.Add(WebhookSignature.IdHeader, id);
        request.Headers.Add(WebhookSignature.TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Of(signers, id, timestamp, body));
        request.Headers.Accept.Add(new("application/json"));
        if (method != HttpMethod.Get)
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return request;
    }

    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxBody + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return length > MaxBody ? (ReadOnlyMemory<byte>?)null : buffer.AsMemory(0, length);
    }

    private TimeSpan? After(RetryConditionHeaderValue? header)
    {
        var span = header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);
        return span < TimeSpan.Zero ? TimeSpan.Zero : span;
    }

    private static T? Find<T>(Exception error)
        where T : Exception
    {
        for (var at = error; at is not null; at = at.InnerException)
        {
            if (at is T found)
                return found;
        }

        return null;
    }

    private static bool NeverSent(Exception error) =>
        error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };
}
