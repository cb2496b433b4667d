using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Configuration;

/// <summary>Rotations of tenants' credentials. Section <c>Saga:Credentials</c>.</summary>
public sealed class RotationOptions
{
    public const string Section = "Saga:Credentials";
    public const int DefaultDrainSeconds = 300;

    /// <summary>Seconds for which a former login works beside the new one. Longer than every runtime needs to change over (<c>Saga:Connections:RefreshSeconds</c>).</summary>
    [Range(0, 86_400, ErrorMessage = "Saga:Credentials:DrainSeconds must be 0 to 86400.")]
    public int DrainSeconds { get; set; } = DefaultDrainSeconds;
}
