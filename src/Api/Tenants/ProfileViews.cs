using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Saga.Contracts.Commands;

namespace Saga.Api.Tenants;

/// <summary>The sizes of connection pools.</summary>
public sealed record PoolSizesView
{
    [Range(0, int.MaxValue), Description("How many connections are kept open.")]
    public int? Minimum { get; init; }

    [Range(1, int.MaxValue), Description("How many are opened at most; at most the plan's database connections.")]
    public int? Maximum { get; init; }

    internal static PoolSizesView? Of(PoolSizes? pool) => pool is null ? null : new() { Minimum = pool.Minimum, Maximum = pool.Maximum };
}

/// <summary>When a tenant may be disturbed, in its time zone.</summary>
public sealed record MaintenanceWindowView
{
    [MinLength(1), Description("From monday to sunday.")]
    public IReadOnlyList<string>? Days { get; init; }

    [RegularExpression("^([01][0-9]|2[0-3]):[0-5][0-9]$"), Description("When it begins.")]
    public string? Start { get; init; }

    [Range(15, 1440)]
    public int? DurationMinutes { get; init; }

    internal static MaintenanceWindowView? Of(MaintenanceWindow? window) =>
        window is null ? null : new() { Days = window.Days, Start = window.Start, DurationMinutes = window.DurationMinutes };
}
