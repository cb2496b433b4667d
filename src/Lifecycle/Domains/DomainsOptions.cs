using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Saga.Lifecycle.Domains;

/// <summary>How tenants' domains are checked. Section <c>Saga:Domains</c>.</summary>
public sealed class DomainsOptions : IValidatableObject
{
    public const string Section = "Saga:Domains";

    /// <summary>The DNS servers to ask, as IP addresses with or without a port; the machine's own when empty.</summary>
    public IList<string> NameServers { get; } = [];

    /// <summary>Time limit for one question to one server.</summary>
    [Range(1, 60, ErrorMessage = "Saga:Domains:TimeoutSeconds must be from 1 to 60.")]
    public int TimeoutSeconds { get; set; } = 5;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        NameServers.Where(s => !TryParse(s, out _)).Select(s => new ValidationResult($"Saga:Domains:NameServers: '{s}' must be an IP address with or without a port, such as 9.9.9.9 or [2620:fe::fe]:53."));

    internal static bool TryParse(string text, out IPEndPoint server)
    {
        var ok = IPEndPoint.TryParse(text, out var parsed);
        server = ok ? new(parsed!.Address, parsed.Port == 0 ? 53 : parsed.Port) : new(IPAddress.None, 0);
        return ok;
    }
}
