using Microsoft.Extensions.Options;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>Only workers hold both kinds of keys, so only they can refuse to hand a master key to runtimes.</summary>
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
            // The section of the master keys says so itself.
            return ValidateOptionsResult.Success;
        }

        var same = options.Keys.Where(k => masters.Exists(m => Is(k.Value, m)))
            .Select(k => $"Saga:Runtime:Keys:{k.Key} is also a key under Saga:Sealing:MasterKeys. A runtime must not hold a master key: make another with `openssl rand -base64 32`.")
            .ToList();
        return same.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(same);
    }

    // As bytes: one key has several texts.
    private static bool Is(string? text, byte[] key)
    {
        var bytes = new byte[key.Length];
        return Convert.TryFromBase64String(text ?? "", bytes, out var length) && length == key.Length && bytes.AsSpan().SequenceEqual(key);
    }
}
