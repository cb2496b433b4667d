using System.Net;
using DnsClient;
using DnsClient.Protocol;
using Microsoft.Extensions.Options;

namespace Saga.Lifecycle.Domains;

/// <summary>Asks DNS servers, over UDP and, for long answers, TCP. Nothing is cached, so that a new record is seen at once. Thread-safe.</summary>
internal sealed class DnsTxtRecords(IOptions<DomainsOptions> options) : ITxtRecords
{
    // Built at the first question, because reading the machine's own servers may fail, and only a check needs them.
    private readonly Lazy<LookupClient> client = new(() => Connect(options.Value));

    public async Task<IReadOnlyList<string>> ReadAsync(string name, CancellationToken cancellationToken)
    {
        IDnsQueryResponse answer;
        try
        {
            answer = await client.Value.QueryAsync(name, QueryType.TXT, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is DnsResponseException or InvalidOperationException or System.Net.Sockets.SocketException or ArgumentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new DnsUnavailableException($"No DNS server answered a question about {name}: {e.Message}", e);
        }

        if (answer.Header.ResponseCode is not (DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain))
            throw new DnsUnavailableException($"The DNS server answered a question about {name} with {answer.Header.ResponseCode}.");
        return [.. answer.Answers.OfType<TxtRecord>().Select(r => string.Concat(r.Text))];
    }

    private static LookupClient Connect(DomainsOptions options)
    {
        List<IPEndPoint> servers = [.. options.NameServers.Select(s => DomainsOptions.TryParse(s, out var server) ? server : throw new InvalidOperationException($"'{s}' is not a DNS server."))];
        var settings = servers.Count > 0 ? new LookupClientOptions([.. servers]) : new LookupClientOptions();
        settings.Timeout = TimeSpan.FromSeconds(options.TimeoutSeconds);
        settings.Retries = 1;
        settings.UseCache = false;
        settings.UseTcpFallback = true;
        settings.ThrowDnsErrors = false;
        return new(settings);
    }
}
