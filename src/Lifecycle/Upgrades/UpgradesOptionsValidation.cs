using Microsoft.Extensions.Options;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Profile;

namespace Saga.Lifecycle.Upgrades;

internal sealed class UpgradesOptionsValidation : IValidateOptions<UpgradesOptions>
{
    public ValidateOptionsResult Validate(string? name, UpgradesOptions options)
    {
        var errors = options.RowWindows.SelectMany(w => Errors($"{UpgradesOptions.Section}:RowWindows:{w.Key}", w.Value)).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(string key, RowWindowOptions window)
    {
        var found = new List<FieldError>();
        MaintenanceWindowRule.Check(window.Window, found);
        // The rule names the fields of a command.
        foreach (var error in found)
        {
            var field = error.Pointer.Split('/')[^1];
            yield return $"{key}:{char.ToUpperInvariant(field[0])}{field[1..]} {error.Detail}.";
        }

        if (!TimezoneName.IsKnown(window.Timezone))
            yield return $"{key}:Timezone must be {TimezoneName.Rule}, and is '{window.Timezone}'.";
    }
}
