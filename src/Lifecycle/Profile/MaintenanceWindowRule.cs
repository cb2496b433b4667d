using System.Globalization;
using Saga.Contracts.Commands;

namespace Saga.Lifecycle.Profile;

/// <summary>The rules for maintenance windows. Pure.</summary>
internal static class MaintenanceWindowRule
{
    public const int MinMinutes = 15;
    public const int MaxMinutes = 24 * 60;

    private static readonly string[] Days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    /// <returns>The window with its days in the week's order.</returns>
    public static MaintenanceWindow? Check(MaintenanceWindow? window, List<FieldError> errors)
    {
        if (window is null)
            return null;
        if (window.Days is not { Count: > 0 } days || days.Distinct(StringComparer.Ordinal).Count() != days.Count || days.Except(Days, StringComparer.Ordinal).Any())
            errors.Add(new("/maintenanceWindow/days", $"must be one or more of {string.Join(", ", Days)}, each once"));
        // The exact format also refuses seconds and blanks.
        if (!TimeOnly.TryParseExact(window.Start, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
            errors.Add(new("/maintenanceWindow/start", "must be a time of the day such as 02:30"));
        if (window.DurationMinutes is not (>= MinMinutes and <= MaxMinutes))
            errors.Add(new("/maintenanceWindow/durationMinutes", string.Create(CultureInfo.InvariantCulture, $"must be from {MinMinutes} to {MaxMinutes}")));
        return window with { Days = [.. Days.Where(d => window.Days?.Contains(d, StringComparer.Ordinal) == true)] };
    }
}
