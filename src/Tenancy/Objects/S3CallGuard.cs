using Amazon.Runtime;
using System.Net;

namespace Saga.Tenancy.Objects;

/// <summary>Called before every request that changes something, including retries. It may forbid the request by throwing.</summary>
/// <param name="BeforeChange">Called before the request waits for a connection.</param>
/// <param name="Connection">Wraps each connection, to check once more right before bytes are sent; connections are not wrapped when null.</param>
public sealed record S3CallGuard(Func<CancellationToken, Task> BeforeChange, Func<Stream, Stream>? Connection = null);

/// <summary>Creates HTTP clients that call the guard, with the same settings as the S3 client's own.</summary>
internal sealed class GuardedHttpClients(S3CallGuard guard) : HttpClientFactory
{
    // The client has its own connections and lives as long as the process.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    public override HttpClient CreateHttpClient(IClientConfig clientConfig)
    {
        var client = new HttpClient(new Handler(guard)
        {
            InnerHandler = new SocketsHttpHandler
            {
                AllowAutoRedirect = false, AutomaticDecompression = DecompressionMethods.None, UseCookies = false, PooledConnectionLifetime = ConnectionLifetime,
                PlaintextStreamFilter = guard.Connection is { } wrap ? (context, _) => ValueTask.FromResult(wrap(context.PlaintextStream)) : null,
            },
        });
        if (clientConfig.Timeout is { } timeout)
            client.Timeout = timeout;
        return client;
    }

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => true;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public override string? GetConfigUniqueString(IClientConfig clientConfig) => null;

    private sealed class Handler(S3CallGuard guard) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
                await guard.BeforeChange(cancellationToken);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
