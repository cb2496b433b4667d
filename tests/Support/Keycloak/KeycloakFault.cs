namespace Saga.Tests.Support.Keycloak;

/// <summary>A fault injected before or after a call takes effect.</summary>
public sealed record KeycloakFault
{
    /// <summary>Delays the call for this time before it takes effect.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Delays the call until this task ends, or the stub stops.</summary>
    public Task? Until { get; init; }

    /// <summary>Returns this status instead of taking effect.</summary>
    public int? Status { get; init; }

    public string Body { get; init; } = """{"error":"unknown_error","error_description":"For more on this error consult the server log."}""";

    public string? RetryAfter { get; init; }

    /// <summary>Takes effect, then cuts the connection instead of answering.</summary>
    public bool LoseAnswer { get; init; }

    /// <summary>Cuts the connection instead of taking effect.</summary>
    public bool Drop { get; init; }

    /// <summary>Takes effect, then returns this status anyway.</summary>
    public int? StatusAfterActing { get; init; }
}

/// <summary>Which calls have a fault, and how many more times.</summary>
internal sealed class ArmedFault(string method, string route, KeycloakFault fault, int times)
{
    private int left = times;

    public KeycloakFault? TakeFor(string callMethod, string callRoute) =>
        (method == "*" || method == callMethod) && (route == "*" || route == callRoute) && Interlocked.Decrement(ref left) >= 0 ? fault : null;
}
