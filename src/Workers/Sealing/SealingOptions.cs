using Microsoft.Extensions.Options;

namespace Saga.Workers.Sealing;

/// <summary>The master keys that wrap the tenants' keys. Section <c>Saga:Sealing</c>.</summary>
public sealed class SealingOptions
{
    public const string Section = "Saga:Sealing";
    public const int KeyBytes = 32;

    /// <summary>The id of the master key that wraps keys; the others only unwrap.</summary>
    public string ActiveKey { get; set; } = "";

    /// <summary>Master keys by id: 32 random bytes as base64 each.</summary>
    public Dictionary<string, string> MasterKeys { get; set; } = new(StringComparer.OrdinalIgnoreCase);
}

internal sealed class SealingOptionsValidation : IValidateOptions<SealingOptions>
{
    public ValidateOptionsResult Validate(string? name, SealingOptions options)
    {
        var errors = new List<string>();
        foreach (var (id, key) in options.MasterKeys)
        {
            var bytes = new byte[SealingOptions.KeyBytes];
            if (!Convert.TryFromBase64String(key ?? "", bytes, out var length) || length != SealingOptions.KeyBytes)
                errors.Add($"Saga:Sealing:MasterKeys:{id} must be 32 random bytes as base64, such as the output of `openssl rand -base64 32`.");
        }

        if (!options.MasterKeys.ContainsKey(options.ActiveKey))
            errors.Add("Saga:Sealing:ActiveKey must be the id of a key under Saga:Sealing:MasterKeys, such as 'k1' with Saga:Sealing:MasterKeys:k1.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
