using System.Globalization;
using System.Text.Json;

namespace Saga.Tests.Support.Keycloak.OpenApi;

/// <summary>One method of one path, with the validation of calls.</summary>
public sealed class OpenApiOperation(OpenApiDocument document, string method, string template, JsonElement item, JsonElement operation)
{
    private const string Json = "application/json";

    public string Template { get; } = template;

    public string Name => $"{method} {Template}";

    public IEnumerable<string> CheckRequest(IEnumerable<KeyValuePair<string, string>> query, string? contentType, string body)
    {
        var known = Parameters().Where(p => p.GetProperty("in").GetString() == "query").ToDictionary(p => p.GetProperty("name").GetString()!, StringComparer.Ordinal);
        var given = query.ToList();
        foreach (var (name, value) in given)
        {
            if (!known.TryGetValue(name, out var parameter))
                yield return $"{Name}: unknown query parameter '{name}'";
            else if (!Fits(parameter.GetProperty("schema"), value))
                yield return $"{Name}: query parameter '{name}' cannot be '{value}'";
        }

        foreach (var (name, parameter) in known)
        {
            if (parameter.TryGetProperty("required", out var required) && required.GetBoolean() && given.TrueForAll(g => g.Key != name))
                yield return $"{Name}: query parameter '{name}' is required";
        }

        if (!operation.TryGetProperty("requestBody", out var expected))
        {
            if (body.Length > 0)
                yield return $"{Name}: takes no body";
            yield break;
        }

        expected = document.Resolve(expected);
        if (body.Length == 0)
        {
            if (expected.TryGetProperty("required", out var required) && required.GetBoolean())
                yield return $"{Name}: needs a body";
            yield break;
        }

        var media = contentType?.Split(';')[0].Trim();
        if (media is null || !expected.GetProperty("content").TryGetProperty(media, out var content))
        {
            yield return $"{Name}: takes no '{media}'";
            yield break;
        }

        foreach (var error in CheckBody(content.GetProperty("schema"), body, "request"))
            yield return error;
    }

    /// <param name="deviates">Whether the server is known to return this status, or a body with it, although the document omits it.</param>
    public IEnumerable<string> CheckAnswer(int status, string? contentType, string body, Func<string, int, bool> deviates)
    {
        var code = status.ToString(CultureInfo.InvariantCulture);
        if (!operation.GetProperty("responses").TryGetProperty(code, out var response))
        {
            if (!deviates(Name, status))
                yield return $"{Name}: answers no {status}";
            yield break;
        }

        response = document.Resolve(response);
        if (!response.TryGetProperty("content", out var content) || !content.TryGetProperty(Json, out var media))
        {
            // The document does not describe the bodies of errors.
            if (status < 400 && body.Length > 0 && !deviates(Name, status))
                yield return $"{Name}: {status} has no body";
            yield break;
        }

        if (contentType?.Split(';')[0].Trim() != Json)
            yield return $"{Name}: {status} must be {Json}";
        foreach (var error in CheckBody(media.GetProperty("schema"), body, $"{status}"))
            yield return error;
    }

    private IEnumerable<string> CheckBody(JsonElement schema, string body, string where)
    {
        // Keycloak documents its only bare string body as "UUID with or without quotes".
        if (document.Resolve(schema).TryGetProperty("type", out var type) && type.GetString() == "string" && !body.StartsWith('"'))
            return [];
        JsonDocument parsed;
        try
        {
            parsed = JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            return [$"{Name}: {where} is not JSON: {e.Message}"];
        }

        using (parsed)
            return [.. new SchemaValidator(document).Check(schema, parsed.RootElement, "$").Select(e => $"{Name}: {where} {e}")];
    }

    private IEnumerable<JsonElement> Parameters() =>
        new[] { item, operation }.SelectMany(e => e.TryGetProperty("parameters", out var list) ? list.EnumerateArray().Select(document.Resolve) : []);

    private static bool Fits(JsonElement schema, string value) => schema.GetProperty("type").GetString() switch
    {
        "boolean" => value is "true" or "false",
        "integer" => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        "number" => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
        _ => true,
    };
}
