using Microsoft.Extensions.Options;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Registry.Drift;

namespace Saga.Lifecycle.Drift;

/// <summary>The expression; the numbers have their own rules.</summary>
internal sealed class DriftOptionsValidation : IValidateOptions<DriftOptions>
{
    public ValidateOptionsResult Validate(string? name, DriftOptions options) => BackupCalendar.Fault(options.Cron) is { } fault
        ? ValidateOptionsResult.Fail($"{DriftOptions.Section}:Cron {fault}, and is '{options.Cron}'.")
        : ValidateOptionsResult.Success;
}
