using System.Globalization;
using System.Text.Json;

namespace Saga.Lifecycle.Plans;

/// <summary>
/// The part of JSON Schema (2020-12) that schemas of settings may use. Any other keyword is refused when the schema is written, so that none is
/// ignored when a value is checked. Pure.
/// </summary>
public static class JsonSchemaRules
{
    private const int MaxDepth = 8;
    private static readonly string[] Types = ["object", "array", "string", "integer", "number", "boolean"];

    private static readonly string[] Keywords =
    [
        "type", "title", "description", "enum", "minimum", "maximum", "minLength", "maxLength", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
    ];

    /// <summary>What is wrong with the schema itself; null when nothing is.</summary>
    public static string? SchemaError(JsonElement schema, int depth = 0)
    {
        if (schema.ValueKind != JsonValueKind.Object)
            return "must be an object";
        if (depth > MaxDepth)
            return $"must be at most {MaxDepth} levels deep";
        if (schema.EnumerateObject().Select(k => k.Name).FirstOrDefault(k => !Keywords.Contains(k)) is { } unknown)
            return $"has the keyword '{unknown}'; there are {string.Join(", ", Keywords)}";
        if (!schema.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || !Types.Contains(type.GetString()))
            return $"needs type, one of {string.Join(", ", Types)}";
        return schema.EnumerateObject().Select(k => KeywordError(k, depth)).FirstOrDefault(e => e is not null);
    }

    /// <summary>What is wrong with the value; null when nothing is.</summary>
    /// <param name="schema">A schema without errors.</param>
    /// <param name="value">The value.</param>
    public static string? Error(JsonElement schema, JsonElement value)
    {
        var type = schema.GetProperty("type").GetString()!;
        if (!IsOf(type, value))
            return $"must be {(type is "object" or "array" or "integer" ? "an" : "a")} {type}";
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(a => JsonElement.DeepEquals(a, value)))
            return $"must be one of {string.Join(", ", allowed.EnumerateArray().Select(a => a.GetRawText()))}";
        return type switch
        {
            "integer" or "number" => Bounds(schema, value.GetDecimal(), "minimum", "maximum", ""),
            "string" => Bounds(schema, value.GetString()!.EnumerateRunes().Count(), "minLength", "maxLength", " characters long"),
            "array" => Bounds(schema, value.GetArrayLength(), "minItems", "maxItems", " items long") ?? Items(schema, value),
            "object" => Members(schema, value),
            _ => null,
        };
    }

    private static string? KeywordError(JsonProperty keyword, int depth) => (keyword.Name, keyword.Value.ValueKind) switch
    {
        ("type", _) or ("title" or "description", JsonValueKind.String) or ("additionalProperties", JsonValueKind.True or JsonValueKind.False) => null,
        ("enum", JsonValueKind.Array) => keyword.Value.GetArrayLength() > 0 ? null : "has an empty enum",
        ("minimum" or "maximum", JsonValueKind.Number) => keyword.Value.TryGetDecimal(out _) ? null : $"has {keyword.Name} that is too large",
        ("minLength" or "maxLength" or "minItems" or "maxItems", JsonValueKind.Number) => keyword.Value.TryGetInt32(out var size) && size >= 0 ? null : $"needs a whole number as {keyword.Name}",
        ("required", JsonValueKind.Array) => keyword.Value.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String) ? null : "needs names in required",
        ("items", _) => SchemaError(keyword.Value, depth + 1) is { } error ? $"in items: {error}" : null,
        ("properties", JsonValueKind.Object) => keyword.Value.EnumerateObject()
            .Select(p => SchemaError(p.Value, depth + 1) is { } error ? $"in '{p.Name}': {error}" : null).FirstOrDefault(e => e is not null),
        _ => $"has {keyword.Name} of the wrong type",
    };

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "integer" => SettingValue.WholeNumber(value) is not null,
        "number" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out _),
        _ => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
    };

    private static string? Bounds(JsonElement schema, decimal size, string minimum, string maximum, string unit)
    {
        if (schema.TryGetProperty(minimum, out var least) && size < least.GetDecimal())
            return string.Create(CultureInfo.InvariantCulture, $"must be at least {least.GetDecimal()}{unit}");
        if (schema.TryGetProperty(maximum, out var most) && size > most.GetDecimal())
            return string.Create(CultureInfo.InvariantCulture, $"must be at most {most.GetDecimal()}{unit}");
        return null;
    }

    private static string? Items(JsonElement schema, JsonElement value) => schema.TryGetProperty("items", out var items)
        ? value.EnumerateArray().Select((item, at) => Error(items, item) is { } error ? string.Create(CultureInfo.InvariantCulture, $"has a wrong item {at + 1}: it {error}") : null)
            .FirstOrDefault(e => e is not null)
        : null;

    private static string? Members(JsonElement schema, JsonElement value)
    {
        var known = schema.TryGetProperty("properties", out var properties) ? properties : default;
        if (schema.TryGetProperty("required", out var required)
            && required.EnumerateArray().Select(n => n.GetString()!).FirstOrDefault(n => !value.TryGetProperty(n, out _)) is { } missing)
            return $"needs the member '{missing}'";
        foreach (var member in value.EnumerateObject())
        {
            if (known.ValueKind == JsonValueKind.Object && known.TryGetProperty(member.Name, out var rule))
            {
                if (Error(rule, member.Value) is { } error)
                    return $"has a wrong member '{member.Name}': it {error}";
            }
            else if (schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind == JsonValueKind.False)
            {
                return $"has the member '{Shortened(member.Name)}'{(known.ValueKind == JsonValueKind.Object ? $"; there are {string.Join(", ", known.EnumerateObject().Select(p => p.Name))}" : "")}";
            }
        }

        return null;
    }

    private static string Shortened(string name) => name.Length > 100 ? name[..100] : name;
}
