using System.Globalization;
using System.Text.Json;
using Saga.Contracts.Failures;
using Saga.Workers.Runtime;

namespace Saga.Workers.Http;

/// <summary>Translates what goes wrong with an endpoint.</summary>
internal static class EndpointFailures
{
    private const int MaxDetail = 300;

    public static StepFailureException Of(string call, Uri url, EndpointAnswer answer)
    {
        var kind = AnswerRules.KindOf(answer.Status, answer.RetryAfter is not null);
        var message = string.Create(CultureInfo.InvariantCulture, $"{call} was answered with {answer.Status}{Reason(answer)}.");
        return kind switch
        {
            FailureKind.Overload => StepFailureException.Overload("http-busy", message, SystemOf(url), "Nothing, unless it lasts. Then ask the endpoint's team for more room.", answer.RetryAfter),
            FailureKind.Transient => StepFailureException.Transient("http-failed", message, "See the endpoint's logs.", SystemOf(url)),
            _ => StepFailureException.Permanent(
                "http-refused", message,
                answer.Status is >= 300 and < 400 ? "Redirects are not followed. Put the endpoint's own address into the list of custom steps." : "See the endpoint's logs, put right what it refuses, then start the operation again.",
                SystemOf(url)),
        };
    }

    /// <summary>There was no answer.</summary>
    /// <param name="sent">Whether the request may have reached the endpoint.</param>
    public static StepFailureException Silent(string call, Uri url, string reason, bool sent, Exception? cause) =>
        new(new() { Code = "http-silent", Message = $"{call} got no answer: {reason}", Remedy = "See whether the endpoint runs and can be reached from the workers.", System = SystemOf(url), Kind = FailureKind.Transient }, cause)
        {
            OutcomeUnknown = sent,
        };

    public static StepFailureException AddressRefused(string call, Uri url, AddressRefusedException error) => StepFailureException.Permanent(
        "http-address-refused", $"{call} was not sent: {error.Message}",
        $"If the endpoint is meant to be there, add '{error.Host}' to {HttpStepsOptions.Section}:AllowedHosts of the workers.", SystemOf(url), error);

    public static StepFailureException LocationMissing(string call, Uri url) => StepFailureException.Permanent(
        "http-location-missing", $"{call} was answered with 202 without a Location.", "The endpoint must say where to ask how far it is.", SystemOf(url));

    public static StepFailureException LocationRefused(string call, Uri url) => StepFailureException.Permanent(
        "http-location-refused", $"{call} was answered with 202 and a Location of another host or scheme.", "The Location must have the endpoint's own host and port, and https.", SystemOf(url));

    public static StepFailureException Unreadable(string call, Uri url) => StepFailureException.Permanent(
        "http-answer-unreadable", $"{call} was answered with JSON that is no object, or too large.", $"The endpoint must answer with a JSON object of at most {EndpointWire.MaxBody / 1024} KiB, or without a body.", SystemOf(url));

    public static StepFailureException SecretMissing(string secret) => StepFailureException.Outage(
        "http-secret-missing", $"This worker has no signing secret '{secret}'.", $"http-secret:{secret}", $"Set {HttpStepsOptions.Section}:Secrets:{secret} in the configuration of all workers that run http steps.");

    public static string SystemOf(Uri url) => SystemNames.Http(url.IdnHost);

    // Only from an error that is meant for people (RFC 9457).
    private static string Reason(EndpointAnswer answer)
    {
        if (answer.ContentType != "application/problem+json" || answer.Read() is not { } problem)
            return "";
        var words = new[] { "title", "detail" }
            .Select(n => problem.TryGetProperty(n, out var value) && value.ValueKind == JsonValueKind.String ? Text(value) : null).OfType<string>();
        var reason = string.Concat(string.Join(": ", words).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)).TrimEnd('.');
        return reason.Length == 0 ? "" : $" ({(reason.Length > MaxDetail ? reason[..MaxDetail] : reason)})";
    }

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // An escape is half of a surrogate pair.
            return null;
        }
    }
}
