namespace Saga.Contracts.CustomSteps;

/// <summary>A step that is a signed POST to an https endpoint, as in Standard Webhooks.</summary>
public sealed record HttpCall
{
    private const string HostedPrefix = "http.call:";

    /// <summary>Called to execute the step.</summary>
    public required string ExecuteUrl { get; init; }

    /// <summary>Called to undo it; null for a step after the pivot.</summary>
    public string? CompensateUrl { get; init; }

    /// <summary>The name of the signing secret in the configuration of the workers that send the calls.</summary>
    public required string Secret { get; init; }

    /// <summary>What a process that has the secret says that it hosts.</summary>
    public static string HostedBy(string secret) => HostedPrefix + secret;
}
