using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Saga.Api.Problems;
using Saga.Api.Tokens;

namespace Saga.Api.Limits;

/// <summary>
/// Limits what one caller may ask. A caller is the token's subject; without a valid token, the address. Callers that are idle are
/// forgotten, so the memory is bounded by the callers of the last seconds. Thread-safe.
/// </summary>
internal sealed class CallerLimits : IDisposable
{
    private const int StreamRetrySeconds = 5;
    private readonly PartitionedRateLimiter<HttpContext> requests;
    private readonly PartitionedRateLimiter<HttpContext> streams;

    public CallerLimits(IOptions<LimitOptions> options)
    {
        var limits = options.Value;
        requests = PartitionedRateLimiter.Create<HttpContext, string>(context => limits.RequestsPerSecond == 0
            ? RateLimitPartition.GetNoLimiter("")
            : RateLimitPartition.GetTokenBucketLimiter(Key(context), _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = limits.Burst,
                TokensPerPeriod = limits.RequestsPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }));
        streams = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetConcurrencyLimiter(
            Key(context), _ => new ConcurrencyLimiterOptions { PermitLimit = limits.StreamsPerCaller, QueueLimit = 0 }));
    }

    /// <summary>Counts a request.</summary>
    /// <returns>The response when there were too many; otherwise null.</returns>
    public ProblemResult? Request(HttpContext context)
    {
        using var lease = requests.AttemptAcquire(context);
        if (lease.IsAcquired)
            return null;
        var seconds = lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;
        return new ProblemResult(ProblemType.TooManyRequests, "This caller exceeds its request limit.", retryAfterSeconds: seconds);
    }

    /// <summary>Counts an open stream until the lease is disposed of.</summary>
    public RateLimitLease Stream(HttpContext context) => streams.AttemptAcquire(context);

    /// <summary>The response when there are too many streams.</summary>
    public static ProblemResult TooManyStreams() =>
        new(ProblemType.TooManyRequests, "This caller has as many open event streams as it may. Close one first.", retryAfterSeconds: StreamRetrySeconds);

    public void Dispose()
    {
        requests.Dispose();
        streams.Dispose();
    }

    private static string Key(HttpContext context) =>
        context.User.Identity is { IsAuthenticated: true } ? $"caller {context.User.Caller()}" : $"address {Network(context.Connection.RemoteIpAddress)}";

    // A host usually has a /64 network of IPv6 addresses to choose from.
    private static string Network(IPAddress? address)
    {
        if (address is null)
            return "";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }
}
