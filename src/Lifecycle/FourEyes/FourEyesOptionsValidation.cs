using System.Globalization;
using Microsoft.Extensions.Options;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;

namespace Saga.Lifecycle.FourEyes;

internal sealed class FourEyesOptionsValidation(CommandCatalogue catalogue) : IValidateOptions<FourEyesOptions>
{
    private const int MostHours = 90 * 24;

    public ValidateOptionsResult Validate(string? name, FourEyesOptions options)
    {
        List<string> errors = [];
        foreach (var kind in options.Commands.Where(k => FourEyesRules.WhyNot(catalogue, k) is not null))
            errors.Add($"{FourEyesOptions.Section}:Commands: '{kind}' {FourEyesRules.WhyNot(catalogue, kind)}");
        if (options.BulkOver is < 0 or > BatchStore.MostItems)
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{FourEyesOptions.Section}:BulkOver: must be 0 to {BatchStore.MostItems}, not {options.BulkOver}."));
        if (options.ApproveWithinHours is < 1 or > MostHours)
            errors.Add(string.Create(CultureInfo.InvariantCulture, $"{FourEyesOptions.Section}:ApproveWithinHours: must be 1 to {MostHours}, not {options.ApproveWithinHours}."));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
