using System.ComponentModel.DataAnnotations;

namespace Saga.Shared.Startup;

/// <summary>How a program starts. Section <c>Saga:Startup</c>. Compiled into each project that waits for a server.</summary>
internal sealed class StartupOptions
{
    public const string Section = "Saga:Startup";

    /// <summary>How long a program waits for the registry and the broker at start before it gives up. 0 gives up at once.</summary>
    [Range(0, 3600, ErrorMessage = "Saga:Startup:WaitSeconds must be from 0 to 3600.")]
    public int WaitSeconds { get; set; } = 60;
}
