using Microsoft.Extensions.Options;
using Saga.Lifecycle.Intake;

namespace Saga.Lifecycle.Names;

internal sealed class NamesOptionsValidation : IValidateOptions<NamesOptions>
{
    public ValidateOptionsResult Validate(string? name, NamesOptions options)
    {
        List<string> errors =
        [
            .. options.Reserved.Where(n => !DomainName.IsLabel(n)).Select(n => $"{NamesOptions.Section}:Reserved: '{n}' is not a name: 1 to 63 characters a-z, 0-9 and inner hyphens."),
            .. options.Released.Where(n => !ReservedNames.Defaults.Contains(n)).Select(n => $"{NamesOptions.Section}:Released: '{n}' is not reserved by default{(ReservedNames.ApiWords.Contains(n) ? "; it is a word of the API's paths, which no tenant may have" : "")}."),
            .. options.ReservedDays is < 0 or > 3650 ? [$"{NamesOptions.Section}:ReservedDays: must be 0 to 3650, not {options.ReservedDays}."] : Array.Empty<string>(),
        ];
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
