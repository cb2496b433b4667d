using Microsoft.Extensions.Options;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>Refuses a runtime key that is also a master key. Only workers have both kinds of keys, so only they can check this.</summary>
internal sealed class RuntimeKeysAreNoMasterKeys(IOptions<SealingOptions> sealing) : IValidateOptions<RuntimeKeyOptions>
{
    public ValidateOptionsResult Validate(string? name, RuntimeKeyOptions options)
    {
        List<byte[]> masters;
        try
        {
            masters = [.. sealing.Value.MasterKeys.Values.Select(Convert.FromBase64String)];
        }
        catch (OptionsValidationException)
        {
            // The validation of the master keys reports this itself.
            return ValidateOptionsResult.Success;
        }

        var same = options.Keys.Where(k => masters.Exists(m => Is(k.Value, m)))
            .Select(k => $"Saga:Runtime:Keys:{k.Key} is also a key under Saga:Sealing:MasterKeys. A runtime must not have a master key: generate another key with `openssl rand -base64 32`.")
            .ToList();
        return same.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(same);
    }

    // Compared as bytes, because one key has several base64 spellings.
    private static bool Is(string? text, byte[] key)
    {
        var bytes = new byte[key.Length];
        return Convert.TryFromBase64String(text ?? "", bytes, out var length) && length == key.Length && bytes.AsSpan().SequenceEqual(key);
    }
}
