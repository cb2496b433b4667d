using Microsoft.Extensions.Options;

namespace Saga.Lifecycle.Backup.Retention;

internal sealed class BackupRetentionOptionsValidation : IValidateOptions<BackupRetentionOptions>
{
    public ValidateOptionsResult Validate(string? name, BackupRetentionOptions options)
    {
        List<string> errors =
        [
            .. options.Plans.SelectMany(p => new (string Key, int? Value)[] { ("Last", p.Value.Last), ("Daily", p.Value.Daily), ("Weekly", p.Value.Weekly), ("Days", p.Value.Days) }
                .Where(v => v.Value is < 0 or > BackupRetentionOptions.Most)
                .Select(v => $"{BackupRetentionOptions.Section}:Plans:{p.Key}:{v.Key} must be 0 to {BackupRetentionOptions.Most}, and is {v.Value}.")),
        ];
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
