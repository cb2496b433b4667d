using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;

namespace Saga.Lifecycle.Upgrades;

/// <summary>Upgrades of the product's tables. Section <c>Saga:Upgrades</c>; the same in every Api and every Orchestrator.</summary>
public sealed class UpgradesOptions
{
    public const string Section = "Saga:Upgrades";

    /// <summary>When the tables that tenants share may be upgraded, by the name of their database server. Those of a server without a window may be at any time.</summary>
    public IDictionary<string, RowWindowOptions> RowWindows { get; } = new Dictionary<string, RowWindowOptions>(StringComparer.Ordinal);
}

/// <summary>The maintenance window of a server's shared tables.</summary>
public sealed class RowWindowOptions
{
    /// <summary>From monday to sunday; at least one.</summary>
    public IList<string> Days { get; } = [];

    /// <summary>When it begins on these days, such as 02:30.</summary>
    public string Start { get; set; } = "";

    /// <summary>15 to 1440.</summary>
    public int DurationMinutes { get; set; } = 60;

    /// <summary>The time zone of its start.</summary>
    public string Timezone { get; set; } = TimezoneName.Default;

    internal MaintenanceWindow Window => new() { Days = [.. Days], Start = Start, DurationMinutes = DurationMinutes };
}
