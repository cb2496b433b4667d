using Microsoft.Extensions.Options;
using Saga.Lifecycle.Backup.Schedules;
using Saga.Registry.Backups.OfRegistry;

namespace Saga.Lifecycle.Backup.OfRegistry;

/// <summary>The expression; the numbers have their own rules.</summary>
internal sealed class RegistryBackupOptionsValidation : IValidateOptions<RegistryBackupOptions>
{
    public ValidateOptionsResult Validate(string? name, RegistryBackupOptions options) => BackupCalendar.Fault(options.Cron) is { } fault
        ? ValidateOptionsResult.Fail($"{RegistryBackupOptions.Section}:Cron {fault}, and is '{options.Cron}'.")
        : ValidateOptionsResult.Success;
}
