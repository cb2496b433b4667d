using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Http;

/// <summary>Calls of custom steps to endpoints. Section <c>Saga:HttpSteps</c>.</summary>
public sealed class HttpStepsOptions
{
    public const string Section = "Saga:HttpSteps";

    /// <summary>
    /// Signing secrets by name, in the form <c>whsec_…</c>. Each call is signed with all secrets of its name, so that an endpoint can change from one to the
    /// next without a pause.
    /// </summary>
    public IDictionary<string, IList<string>> Secrets { get; } = new Dictionary<string, IList<string>>(StringComparer.Ordinal);

    /// <summary>Hosts that may have private or loopback addresses.</summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>A PEM file with certificates of authorities that are trusted in addition to the machine's.</summary>
    public string? CaFile { get; set; }

    [Range(1, 600, ErrorMessage = "Saga:HttpSteps:RequestSeconds must be from 1 to 600.")]
    public int RequestSeconds { get; set; } = 30;

    [Range(1, 60, ErrorMessage = "Saga:HttpSteps:ConnectSeconds must be from 1 to 60.")]
    public int ConnectSeconds { get; set; } = 10;

    /// <summary>The pause before an endpoint that answered 202 is asked again, unless it says when.</summary>
    [Range(1, 300, ErrorMessage = "Saga:HttpSteps:PollSeconds must be from 1 to 300.")]
    public int PollSeconds { get; set; } = 5;

    /// <summary>How long a call without an answer may still take effect at the endpoint.</summary>
    [Range(0, 3600, ErrorMessage = "Saga:HttpSteps:LingersForSeconds must be from 0 to 3600.")]
    public int LingersForSeconds { get; set; } = 30;
}
