using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Intake;
using Saga.Lifecycle.Plans;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Config;

/// <summary>The rules for <see cref="SetConfig"/>. Pure.</summary>
public static class ConfigValidation
{
    /// <summary>The longest value of a sealed setting, in characters.</summary>
    public const int MaxSecretLength = 4096;

    /// <param name="command">The command as received.</param>
    /// <param name="plan">The tenant's plan.</param>
    /// <param name="errors">Every broken rule; empty when the result is not null.</param>
    public static ValidConfig? Validate(SetConfig command, Plan plan, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        errors = found;
        var encrypted = command.IsEncrypted ?? false;
        if (ConfigKey.Find(plan, command.ConfigKey) is not { } key)
        {
            found.Add(new("/configKey", $"is not a key of plan {plan.Name}; it has {string.Join(", ", ConfigKey.All(plan))}"));
            return null;
        }

        if (command.Remove == true)
        {
            if (command.ConfigValue is not null)
                found.Add(new("/configValue", "must be absent when the tenant's own value is removed"));
            if (encrypted)
                found.Add(new("/isEncrypted", "must be absent when the tenant's own value is removed, encrypted or not"));
            return found.Count > 0 ? null : new(command.TenantId, key, JsonSerializer.SerializeToElement<object?>(null), Encrypted: false) { Remove = true };
        }

        if (command.ConfigValue is not { } value || value.ValueKind == JsonValueKind.Null)
            found.Add(new("/configValue", "is required; DELETE of the key, or remove in a message, gives the plan's value back"));
        else if (Error(key, value, encrypted) is { } error)
            found.Add(error);
        if (found.Count > 0)
            return null;
        return new(command.TenantId, key, encrypted ? JsonSerializer.SerializeToElement<object?>(null) : SettingValue.Normalize(command.ConfigValue!.Value), encrypted);
    }

    private static FieldError? Error(ConfigKey key, JsonElement value, bool encrypted)
    {
        if (key.Setting is null)
        {
            return encrypted ? new("/isEncrypted", "must be false for a feature")
                : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : new("/configValue", "must be true or false");
        }

        if (key.Setting is { Sealed: true } or { Generate: true })
        {
            if (!encrypted)
                return new("/isEncrypted", "must be true for this key, whose values are always encrypted");
            return value.ValueKind == JsonValueKind.String && StorableText.IsStorable(value) && value.GetString() is { Length: > 0 and <= MaxSecretLength }
                ? null : new("/configValue", $"must be a string of 1 to {MaxSecretLength} characters without NUL");
        }

        // What is wrong with a value may quote it, such as the name of a member, and errors are logged and published.
        return SettingValue.Error(key.Setting, value) is { } error
            ? new("/configValue", encrypted ? "breaks the key's rules, which GET /api/v1/plans lists; more is not said of an encrypted value" : error)
            : null;
    }
}
