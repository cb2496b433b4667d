using System.Text.Json;
using Saga.Contracts.CustomSteps;
using Saga.Contracts.Failures;
using Saga.Registry.Operations;
using Saga.Workers.Runtime;

namespace Saga.Workers.Http;

/// <summary>One step that calls an endpoint, as its operation's workflow defines it.</summary>
internal sealed class EndpointStep(PlannedStep planned, HttpCall http, EndpointWire wire, HttpStepsOptions options, TimeProvider time) : IStep
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    public string Name => planned.Definition.Name;

    public IEnumerable<string> SystemsOf(StepContext context) => [EndpointFailures.SystemOf(new Uri(http.ExecuteUrl))];

    // Its own output is for the compensation.
    public IReadOnlyList<string> Needs => [.. planned.Definition.Needs, planned.Definition.Name];

    public bool NeedsInput => planned.Definition.NeedsInput;

    public TimeSpan LingersFor => TimeSpan.FromSeconds(options.LingersForSeconds);

    public async Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken) =>
        await CallAsync(context, new Uri(http.ExecuteUrl), forward: true, cancellationToken);

    public async Task CompensateAsync(StepContext context, CancellationToken cancellationToken) =>
        await CallAsync(
            context, new Uri(http.CompensateUrl ?? throw new InvalidOperationException($"Step '{context.Step}' has no address for its compensation.")), forward: false, cancellationToken);

    private async Task<JsonElement?> CallAsync(StepContext context, Uri url, bool forward, CancellationToken cancellationToken)
    {
        var id = StepKeys.Of(context.OperationId, context.Step, forward);
        var body = EndpointBody.Of(context, planned, forward);
        // An earlier attempt may have been told where to ask.
        var asks = context.Checkpoint<Asking>()?.Location is { } saved ? new Uri(saved) : null;
        try
        {
            while (true)
            {
                var call = asks is null ? $"POST {Shown(url)}" : $"GET {Shown(asks)}";
                var answer = await wire.SendAsync(call, asks is null ? HttpMethod.Post : HttpMethod.Get, asks ?? url, id, http.Secret, asks is null ? body : [], cancellationToken);
                if (AnswerRules.IsDone(answer.Status))
                    return Output(call, url, answer);
                if (!AnswerRules.IsAccepted(answer.Status))
                    throw EndpointFailures.Of(call, url, answer);
                asks = Where(call, url, asks, answer);
                Report(context, asks, answer);
                await Task.Delay(Pause(answer), time, cancellationToken);
            }
        }
        catch (StepFailureException error) when (asks is not null && error.Failure.Kind == FailureKind.Permanent)
        {
            // What an operator retries begins with a new call, because the endpoint may not know the old one any more.
            context.Report(0, words: "The endpoint refused.", checkpoint: new Asking(null));
            throw;
        }
    }

    private static Uri Where(string call, Uri url, Uri? asked, EndpointAnswer answer)
    {
        if (answer.Location is null)
            return asked ?? throw EndpointFailures.LocationMissing(call, url);
        if (!Uri.TryCreate(asked ?? url, answer.Location, out var next) || next.Scheme != Uri.UriSchemeHttps || next.Authority != url.Authority || next.UserInfo.Length > 0)
            throw EndpointFailures.LocationRefused(call, url);
        return next;
    }

    private static JsonElement? Output(string call, Uri url, EndpointAnswer answer)
    {
        if (!answer.IsJson || answer.Body is { Length: 0 })
            return null;
        return answer.Read() ?? throw EndpointFailures.Unreadable(call, url);
    }

    // The same words again are no progress, so an endpoint that says nothing does not keep a step alive that ends without progress.
    private static void Report(StepContext context, Uri asks, EndpointAnswer answer)
    {
        var progress = answer.Read() is { } body && body.TryGetProperty("progress", out var told) ? told : default;
        context.Report(
            Number(progress, "done") ?? 0, Number(progress, "total"), Text(progress, "unit"), Text(progress, "words") ?? "The endpoint goes on.", new Asking(asks.AbsoluteUri));
    }

    private static long? Number(JsonElement progress, string name) =>
        progress.ValueKind == JsonValueKind.Object && progress.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0 ? number : null;

    private static string? Text(JsonElement progress, string name) =>
        progress.ValueKind == JsonValueKind.Object && progress.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && !value.GetRawText().Contains("\\u", StringComparison.Ordinal) ? value.GetString() : null;

    private TimeSpan Pause(EndpointAnswer answer)
    {
        var asked = answer.RetryAfter ?? TimeSpan.FromSeconds(options.PollSeconds);
        return asked < ShortestPause ? ShortestPause : asked > LongestPause ? LongestPause : asked;
    }

    // A query may contain a token.
    private static string Shown(Uri url) => url.GetLeftPart(UriPartial.Path);

    /// <summary>Where to ask how far the endpoint is; null to call it again.</summary>
    private sealed record Asking(string? Location);
}
