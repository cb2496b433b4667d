using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Database.Servers;

/// <summary>How often workers look whether a server answers. Section <c>Saga:Databases</c>.</summary>
public sealed class ServerHealthOptions
{
    public const string Section = "Saga:Databases";
    public const int DefaultHealthCheckSeconds = 30;

    /// <summary>Seconds between two looks at a server. A report is believed for five minutes.</summary>
    [Range(5, 60, ErrorMessage = "Saga:Databases:HealthCheckSeconds must be from 5 to 60.")]
    public int HealthCheckSeconds { get; set; } = DefaultHealthCheckSeconds;
}
