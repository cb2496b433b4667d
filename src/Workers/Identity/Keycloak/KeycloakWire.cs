using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Saga.Contracts.Failures;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Keycloak;

/// <summary>
/// Sends single calls. It limits the number of concurrent calls and the time of each try, and retries only if the caller says that
/// this is safe. Thread-safe.
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

    /// <summary>Returns any response that is not an outage.</summary>
    /// <param name="call">A description for messages: the method and the path, without the query.</param>
    /// <param name="request">Creates a new request for each try.</param>
    /// <param name="mayRepeat">Whether a second try is safe.</param>
    /// <param name="changes">The call changes something in the realm.</param>
    /// <exception cref="LeaseLostException">The call changes something, and the attempt no longer has the lease.</exception>
    /// <exception cref="StepFailureException">A failure that is not permanent: no answer, or a response that means "not now". The call may have taken effect.</exception>
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
        // Waiting for a free slot counts as waiting for Keycloak, because the slots are used by calls that it has not answered.
        using var waiting = ExternalCalls.Begin(KeycloakFailures.System);
        await turns.WaitAsync(cancellationToken);
        try
        {
            // Checked after waiting for a slot and before each try, because the attempt may have lost its lease in the meantime.
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
