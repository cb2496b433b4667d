namespace Saga.Contracts.Commands;

/// <summary>When a tenant may be disturbed for maintenance, in its own time zone.</summary>
public sealed record MaintenanceWindow
{
    /// <summary>From monday to sunday; at least one, each once.</summary>
    public IReadOnlyList<string>? Days { get; init; }

    /// <summary>When it begins on these days, such as 02:30.</summary>
    public string? Start { get; init; }

    /// <summary>15 to 1440.</summary>
    public int? DurationMinutes { get; init; }
}
