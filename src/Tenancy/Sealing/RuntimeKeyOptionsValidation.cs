using Microsoft.Extensions.Options;

namespace Saga.Tenancy.Sealing;

internal sealed class RuntimeKeyOptionsValidation : IValidateOptions<RuntimeKeyOptions>
{
    public ValidateOptionsResult Validate(string? name, RuntimeKeyOptions options)
    {
        if (options.Keys.Count == 0)
            return ValidateOptionsResult.Fail("Saga:Runtime:Keys must contain at least one runtime key, such as Saga:Runtime:Keys:r1: 32 random bytes as base64.");
        var wrong = options.Keys.Where(k => !IsKey(k.Value)).Select(
            k => $"Saga:Runtime:Keys:{k.Key} must be 32 random bytes as base64, such as the output of `openssl rand -base64 32`.").ToList();
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static bool IsKey(string? text) =>
        Convert.TryFromBase64String(text ?? "", new byte[RuntimeKeyOptions.KeyBytes], out var length) && length == RuntimeKeyOptions.KeyBytes;
}
