using System.Text.Json;
using Saga.Api.Problems;
using Saga.Contracts.Commands;

namespace Saga.Api.Tenants;

/// <summary>
/// Reads the body as a command and reports all unknown fields and values of the wrong type at once. The intake validates the
/// values. An explicit null counts as an absent field.
/// </summary>
internal static class ProvisionRequestReader
{
    private static readonly string[] Texts = ["name", "slug", "plan", "adminEmail", "domain", "subdomain", "isolation", "region", "timezone"];

    public static ProvisionTenant? Read(JsonElement body, string? idempotencyKey, out IReadOnlyList<ProblemError> errors)
    {
        var found = new List<ProblemError>();
        var texts = new Dictionary<string, string?>(StringComparer.Ordinal);
        Dictionary<string, bool>? features = null;
        Dictionary<string, JsonElement>? settings = null;
        foreach (var field in body.EnumerateObject())
        {
            var name = field.Name;
            if (Array.IndexOf(Texts, name) >= 0)
                texts[name] = Text(field.Value, $"/{name}", found);
            else if (name == "features")
                features = Members(field.Value, "/features", found)?.ToDictionary(m => m.Key, m => Flag(m.Value, Pointer("/features", m.Key), found));
            else if (name == "settings")
                settings = Members(field.Value, "/settings", found)?.ToDictionary(m => m.Key, m => m.Value.Clone());
            else
                found.Add(Error(Pointer("", name), $"is not a field; there are {string.Join(", ", Texts)}, features and settings"));
        }

        errors = found;
        return found.Count > 0 ? null : new()
        {
            // The validation reports absent fields with their rules.
            Name = texts.GetValueOrDefault("name")!,
            Slug = texts.GetValueOrDefault("slug")!,
            Plan = texts.GetValueOrDefault("plan")!,
            AdminEmail = texts.GetValueOrDefault("adminEmail")!,
            Domain = texts.GetValueOrDefault("domain"),
            Subdomain = texts.GetValueOrDefault("subdomain"),
            Isolation = texts.GetValueOrDefault("isolation"),
            Region = texts.GetValueOrDefault("region"),
            Timezone = texts.GetValueOrDefault("timezone"),
            Features = features,
            Settings = settings,
            IdempotencyKey = idempotencyKey,
        };
    }

    private static string? Text(JsonElement value, string pointer, List<ProblemError> errors)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return null;
        try
        {
            if (value.ValueKind == JsonValueKind.String)
                return value.GetString();
            errors.Add(Error(pointer, "must be a string"));
        }
        catch (InvalidOperationException)
        {
            errors.Add(Error(pointer, "contains half of a surrogate pair"));
        }

        return null;
    }

    private static bool Flag(JsonElement value, string pointer, List<ProblemError> errors)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            errors.Add(Error(pointer, "must be true or false"));
        return value.ValueKind == JsonValueKind.True;
    }

    private static List<(string Key, JsonElement Value)>? Members(JsonElement value, string pointer, List<ProblemError> errors)
    {
        if (value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(Error(pointer, "must be an object"));
            return null;
        }

        return [.. value.EnumerateObject().Select(m => (m.Name, m.Value))];
    }

    private static string Pointer(string parent, string key) =>
        $"{parent}/{(key.Length > 100 ? key[..100] : key).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private static ProblemError Error(string pointer, string detail) => new() { Pointer = pointer, Detail = detail };
}
