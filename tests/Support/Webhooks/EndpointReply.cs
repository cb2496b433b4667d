namespace Saga.Tests.Support.Webhooks;

/// <summary>How an endpoint answers.</summary>
public sealed record EndpointReply(int Status)
{
    public string? Json { get; init; }

    public string ContentType { get; init; } = "application/json";

    public string? Location { get; init; }

    public string? RetryAfter { get; init; }

    /// <summary>Closes the connection without an answer.</summary>
    public bool Aborts { get; init; }

    /// <summary>Answers only when this has completed, or never if the caller gives up before.</summary>
    public Task? When { get; init; }
}
