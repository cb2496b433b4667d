namespace Saga.Tests.Support.Keycloak;

/// <summary>What goes wrong with a call before it is acted on, or after.</summary>
public sealed record KeycloakFault
{
    /// <summary>Held back for so long before it is acted on.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Held back until this ends; bounded by the stub's own end.</summary>
    public Task? Until { get; init; }

    /// <summary>Answered with this status instead of being acted on.</summary>
    public int? Status { get; init; }

    public string Body { get; init; } = """{"error":"unknown_error","error_description":"For more on this error consult the server log."}""";

    public string? RetryAfter { get; init; }

    /// <summary>Acted on, then the connection is cut instead of answering.</summary>
    public bool LoseAnswer { get; init; }

    /// <summary>The connection is cut instead of acting.</summary>
    public bool Drop { get; init; }

    /// <summary>Acted on, then answered with this status all the same.</summary>
    public int? StatusAfterActing { get; init; }
}

/// <summary>Which calls meet a fault, and how often still.</summary>
internal sealed class ArmedFault(string method, string route, KeycloakFault fault, int times)
{
    private int left = times;

    public KeycloakFault? TakeFor(string callMethod, string callRoute) =>
        (method == "*" || method == callMethod) && (route == "*" || route == callRoute) && Interlocked.Decrement(ref left) >= 0 ? fault : null;
}
