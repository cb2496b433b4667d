using System.Globalization;
using System.Text.Json;
using Saga.Lifecycle.Intake;
using Saga.Registry.Plans;

namespace Saga.Lifecycle.Plans;

/// <summary>The rules for a value of a plan's setting: the type of its default, and its bounds or its JSON schema. Pure.</summary>
public static class SettingValue
{
    /// <summary>The longest value, in characters of JSON.</summary>
    public const int MaxLength = 4096;

    /// <summary>Whether tenants may give it a value in a command. Commands are stored unencrypted, so they must not contain a sealed setting.</summary>
    public static bool IsOpen(PlanSetting setting) => setting is { Sealed: false, Generate: false };

    /// <summary>The value with a whole number written as such: <c>25.0</c> becomes <c>25</c>.</summary>
    public static JsonElement Normalize(JsonElement value) => WholeNumber(value) is { } number ? JsonSerializer.SerializeToElement(number) : value;

    /// <summary>What is wrong with the value; null when nothing is.</summary>
    public static string? Error(PlanSetting setting, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Undefined && value.GetRawText().EnumerateRunes().Count() > MaxLength)
            return $"must be at most {MaxLength} characters";
        return setting.Value?.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false",
            JsonValueKind.Number when WholeNumber(setting.Value.Value) is not null => WholeNumber(value) is { } whole && IsWithin(setting, whole) ? null : $"must be an integer {Bounds(setting)}",
            JsonValueKind.Number => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && IsWithin(setting, number) ? null : $"must be a number {Bounds(setting)}",
            JsonValueKind.String => value.ValueKind == JsonValueKind.String && StorableText.IsStorable(value) ? SchemaError(setting, value) : "must be a string without NUL",
            { } kind => value.ValueKind == kind && StorableText.IsStorable(value) ? SchemaError(setting, value) : $"must be an {kind.ToString().ToLowerInvariant()}, as the plan's default is",
            null => "has no default to compare with; it cannot be given",
        };
    }

    /// <summary>The JSON schema (2020-12) of the setting's values; null when they are sealed or generated.</summary>
    public static JsonElement? SchemaOf(PlanSetting setting) => setting switch
    {
        { Sealed: true } or { Value: null } => null,
        { Schema: { } schema } => schema,
        { Value.ValueKind: JsonValueKind.Number } => JsonSerializer.SerializeToElement(new
        {
            type = WholeNumber(setting.Value.Value) is null ? "number" : "integer",
            minimum = setting.Minimum ?? 0,
            maximum = setting.Maximum ?? PlanSetting.DefaultMaximum,
        }),
        { Value.ValueKind: JsonValueKind.True or JsonValueKind.False } => JsonSerializer.SerializeToElement(new { type = "boolean" }),
        { Value: { } value } => JsonSerializer.SerializeToElement(new { type = value.ValueKind.ToString().ToLowerInvariant() }),
    };

    // As in JSON Schema, where 25.0 and 2.5e1 are integers.
    internal static long? WholeNumber(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number) && number is >= long.MinValue and <= long.MaxValue ? (long)number : null;

    private static string? SchemaError(PlanSetting setting, JsonElement value) => setting.Schema is { } schema ? JsonSchemaRules.Error(schema, value) : null;

    private static bool IsWithin(PlanSetting setting, decimal number) => number >= (setting.Minimum ?? 0) && number <= (setting.Maximum ?? PlanSetting.DefaultMaximum);

    private static string Bounds(PlanSetting setting) =>
        string.Create(CultureInfo.InvariantCulture, $"from {setting.Minimum ?? 0} to {setting.Maximum ?? PlanSetting.DefaultMaximum}");
}
