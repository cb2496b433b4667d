using System.Text.Json;

namespace Saga.Tests.Support.Keycloak.OpenApi;

/// <summary>
/// Validates a JSON value against an OpenAPI 3.0 schema. It is stricter than the standard in one point: unlisted properties are
/// refused unless <c>additionalProperties</c> allows them, so that misspelled ones are noticed.
/// </summary>
public sealed class SchemaValidator(OpenApiDocument document)
{
    public IEnumerable<string> Check(JsonElement schema, JsonElement value, string at)
    {
        schema = document.Resolve(schema);
        if (value.ValueKind == JsonValueKind.Null)
            return schema.TryGetProperty("nullable", out var nullable) && nullable.GetBoolean() ? [] : [$"{at} may not be null"];
        if (schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)))
            return [$"{at} is none of {values}"];
        if (schema.TryGetProperty("allOf", out var all))
            return all.EnumerateArray().SelectMany(s => Check(s, value, at));
        if (schema.TryGetProperty("oneOf", out var any) || schema.TryGetProperty("anyOf", out any))
            return any.EnumerateArray().Any(s => !Check(s, value, at).Any()) ? [] : [$"{at} fits no alternative"];
        return schema.TryGetProperty("type", out var type) ? CheckType(type.GetString()!, schema, value, at) : [];
    }

    private IEnumerable<string> CheckType(string type, JsonElement schema, JsonElement value, string at)
    {
        var fits = type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && IsInteger(schema, value),
            _ => false,
        };
        if (!fits)
            return [$"{at} is not of type {type}"];
        return type switch
        {
            "object" => CheckObject(schema, value, at),
            "array" => CheckArray(schema, value, at),
            _ => [],
        };
    }

    private IEnumerable<string> CheckObject(JsonElement schema, JsonElement value, string at)
    {
        var hasProperties = schema.TryGetProperty("properties", out var properties);
        var hasRest = schema.TryGetProperty("additionalProperties", out var rest);
        foreach (var property in value.EnumerateObject())
        {
            var here = $"{at}.{property.Name}";
            var errors = hasProperties && properties.TryGetProperty(property.Name, out var own) ? Check(own, property.Value, here)
                : hasRest && rest.ValueKind == JsonValueKind.Object ? Check(rest, property.Value, here)
                : (hasRest && rest.ValueKind == JsonValueKind.True) || (!hasRest && !hasProperties) ? []
                : [$"{here} is unknown"];
            foreach (var error in errors)
                yield return error;
        }

        if (!schema.TryGetProperty("required", out var required))
            yield break;
        foreach (var name in required.EnumerateArray().Select(n => n.GetString()!).Where(n => !value.TryGetProperty(n, out _)))
            yield return $"{at}.{name} is required";
    }

    private IEnumerable<string> CheckArray(JsonElement schema, JsonElement value, string at)
    {
        var items = value.EnumerateArray().ToList();
        if (schema.TryGetProperty("items", out var item))
        {
            foreach (var error in items.SelectMany((v, i) => Check(item, v, $"{at}[{i}]")))
                yield return error;
        }

        if (schema.TryGetProperty("uniqueItems", out var unique) && unique.GetBoolean()
            && items.Select((v, i) => items.Take(i).Any(o => JsonElement.DeepEquals(o, v))).Any(twice => twice))
        {
            yield return $"{at} holds an item twice";
        }
    }

    private static bool IsInteger(JsonElement schema, JsonElement value) =>
        schema.TryGetProperty("format", out var format) && format.GetString() == "int32" ? value.TryGetInt32(out _) : value.TryGetInt64(out _);
}
