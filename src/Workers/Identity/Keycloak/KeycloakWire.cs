using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Saga.Contracts.Failures;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// Carries single calls: a bounded number at once, each try bounded in time, and repeated only where the caller says
/// that a repetition is harmless. Thread-safe.
/// </summary>
internal sealed class KeycloakWire : IDisposable
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private readonly HttpClient http;
    private readonly SemaphoreSlim turns;
    private readonly ResiliencePipeline<KeycloakAnswer> repeatable;

    public KeycloakWire(HttpClient http, IOptions<KeycloakOptions> options, TimeProvider time)
    {
        this.http = http;
        turns = new SemaphoreSlim(options.Value.MaxConcurrency);
        var timeout = TimeSpan.FromSeconds(options.Value.TimeoutSeconds);
        once = new ResiliencePipelineBuilder<KeycloakAnswer> { TimeProvider = time }.AddTimeout(timeout).Build();
        repeatable = options.Value.Retries == 0 ? ResiliencePipeline<KeycloakAnswer>.Empty : new ResiliencePipelineBuilder<KeycloakAnswer> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<KeycloakAnswer>
            {
                MaxRetryAttempts = options.Value.Retries,
                Delay = TimeSpan.FromMilliseconds(options.Value.RetryDelayMilliseconds),
                MaxDelay = LongestDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = static a => ValueTask.FromResult(a.Outcome is { Result.Unavailable: true } or { Exception: HttpRequestException or TimeoutRejectedException }),
                DelayGenerator = static a => ValueTask.FromResult(a.Outcome.Result?.RetryAfter is { } asked && asked <= LongestDelay ? asked : (TimeSpan?)null),
            })
            .Build();
    }

    private readonly ResiliencePipeline<KeycloakAnswer> once;

    /// <summary>Any answer but an outage. </summary>
    /// <param name="call">For people: the method and the path, without the query.</param>
    /// <param name="request">Makes the request anew for each try.</param>
    /// <param name="mayRepeat">A second try does no harm.</param>
    /// <param name="changes">The call changes something in the realm.</param>
    /// <exception cref="LeaseLostException">The call changes something, and the attempt may not any more.</exception>
    /// <exception cref="StepFailureException">Not permanent: no answer, or one that says "not now". The call may have taken effect.</exception>
    public async Task<KeycloakAnswer> SendAsync(string call, Func<HttpRequestMessage> request, bool mayRepeat, bool changes, CancellationToken cancellationToken)
    {
        KeycloakAnswer answer;
        try
        {
            answer = mayRepeat
                ? await repeatable.ExecuteAsync(async token => await TryAsync(request, changes, token), cancellationToken)
                : await TryAsync(request, changes, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw KeycloakFailures.Unreachable(call, e.Message, Failures.OfHttp(e), e);
        }
        catch (TimeoutRejectedException e)
        {
            throw KeycloakFailures.Unreachable(call, $"no answer within {e.Timeout.TotalSeconds:0.##} s", FailureKind.Outage, e);
        }

        return answer.Unavailable ? throw KeycloakFailures.NotNow(call, answer) : answer;
    }

    public void Dispose() => turns.Dispose();

    private async ValueTask<KeycloakAnswer> TryAsync(Func<HttpRequestMessage> request, bool changes, CancellationToken cancellationToken)
    {
        // Waiting for a turn is waiting for Keycloak: its turns are taken by calls that it has not answered.
        using var waiting = ExternalCalls.Begin(KeycloakFailures.System);
        await turns.WaitAsync(cancellationToken);
        try
        {
            // After the wait for a turn, and before each try: an attempt may have lost its lease meanwhile.
            if (changes)
                await LeaseGuard.RequireAsync(cancellationToken);
            return await once.ExecuteAsync(async token =>
            {
                using var message = request();
                using var response = await http.SendAsync(message, token);
                var body = await response.Content.ReadAsStringAsync(token);
                return new KeycloakAnswer(response.StatusCode, body, response.Headers.Location?.OriginalString, response.Headers.RetryAfter?.Delta);
            }, cancellationToken);
        }
        finally
        {
            turns.Release();
        }
    }
}
