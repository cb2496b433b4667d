using System.ComponentModel.DataAnnotations;

namespace Saga.Registry.Drift;

/// <summary>Scans for drift. Section <c>Saga:Drift</c>.</summary>
public sealed class DriftOptions
{
    public const string Section = "Saga:Drift";
    public const int DefaultGraceMinutes = 15;
    public const int DefaultKeepDays = 90;
    public const int DefaultQuarantineDays = 7;

    /// <summary>When everything is scanned: five fields in UTC, or <c>none</c>.</summary>
    public string Cron { get; set; } = "none";

    /// <summary>What was made or changed less than this ago is left alone.</summary>
    [Range(0, 10_080, ErrorMessage = Section + ":GraceMinutes must be 0 to 10080.")]
    public int GraceMinutes { get; set; } = DefaultGraceMinutes;

    /// <summary>How long findings that have ended are kept.</summary>
    [Range(1, 3650, ErrorMessage = Section + ":KeepDays must be 1 to 3650.")]
    public int KeepDays { get; set; } = DefaultKeepDays;

    /// <summary>How long an orphan is in quarantine before it is removed.</summary>
    [Range(1, 365, ErrorMessage = Section + ":QuarantineDays must be 1 to 365.")]
    public int QuarantineDays { get; set; } = DefaultQuarantineDays;
}
