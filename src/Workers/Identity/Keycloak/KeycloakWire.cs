using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Saga.Contracts.Failures;
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
    /// <exception cref="StepFailureException">Not permanent: no answer, or one that says "not now". The call may have taken effect.</exception>
    public async Task<KeycloakAnswer> SendAsync(string call, Func<HttpRequestMessage> request, bool mayRepeat, CancellationToken cancellationToken)
    {
        KeycloakAnswer answer;
        try
        {
            answer = mayRepeat
                ? await repeatable.ExecuteAsync(async token => await TryAsync(request, token), cancellationToken)
                : await TryAsync(request, cancellationToken);
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

    private async ValueTask<KeycloakAnswer> TryAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        // Waiting for a turn is waiting for Keycloak: its turns are taken by calls that it has not answered.
        using var waiting = ExternalCalls.Begin(KeycloakFailures.System);
        await turns.WaitAsync(cancellationToken);
        try
        {
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
