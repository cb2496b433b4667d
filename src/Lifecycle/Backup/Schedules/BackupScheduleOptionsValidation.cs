using Microsoft.Extensions.Options;

namespace Saga.Lifecycle.Backup.Schedules;

internal sealed class BackupScheduleOptionsValidation : IValidateOptions<BackupScheduleOptions>
{
    private const string Section = BackupScheduleOptions.Section;

    public ValidateOptionsResult Validate(string? name, BackupScheduleOptions options)
    {
        List<string> errors =
        [
            .. Cron($"{Section}:Cron", options.Cron),
            .. options.Plans.Where(p => p.Value.Cron is not null).SelectMany(p => Cron($"{Section}:Plans:{p.Key}:Cron", p.Value.Cron!)),
            .. Range($"{Section}:JitterMinutes", options.JitterMinutes, 0, 720),
            .. Range($"{Section}:LateHours", options.LateHours, 1, 168),
        ];
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Cron(string key, string text) => BackupCalendar.Fault(text) is { } fault ? [$"{key} {fault}, and is '{text}'."] : [];

    private static IEnumerable<string> Range(string key, int value, int least, int most) => value >= least && value <= most ? [] : [$"{key} must be {least} to {most}, and is {value}."];
}
