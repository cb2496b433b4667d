using System.ComponentModel.DataAnnotations;

namespace Saga.Workers.Database.Walls;

/// <summary>How often workers look at what keeps tenants apart on a server. Section <c>Saga:Databases</c>.</summary>
public sealed class WallOptions
{
    public const string Section = "Saga:Databases";
    public const int DefaultWallCheckMinutes = 5;

    /// <summary>Minutes between two looks at a server's open databases, and at the settings of shared roles and of tenants' logins.</summary>
    [Range(1, 1440, ErrorMessage = "Saga:Databases:WallCheckMinutes must be from 1 to 1440.")]
    public int WallCheckMinutes { get; set; } = DefaultWallCheckMinutes;
}
