using System.Text.Json;

namespace Saga.Tests.Support.Keycloak.OpenApi;

/// <summary>An OpenAPI 3.0 document for validating calls. Thread-safe.</summary>
public sealed class OpenApiDocument
{
    private readonly JsonElement root;
    private readonly List<(string Template, string[] Segments, JsonElement Item)> paths;

    private OpenApiDocument(JsonElement root)
    {
        this.root = root;
        paths = [.. root.GetProperty("paths").EnumerateObject().Select(p => (p.Name, Split(p.Name), p.Value))];
    }

    public static OpenApiDocument Load(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return new OpenApiDocument(document.RootElement.Clone());
    }

    public static OpenApiDocument Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return new OpenApiDocument(document.RootElement.Clone());
    }

    /// <summary>Finds the operation for a concrete path (still escaped, without query). Literal segments take precedence over parameters.</summary>
    public OpenApiOperation? Find(string method, string path)
    {
        var segments = Split(path);
        var match = paths
            .Where(p => p.Segments.Length == segments.Length && p.Segments.Zip(segments).All(s => IsParameter(s.First) || s.First == s.Second))
            .OrderBy(p => p.Segments.Count(IsParameter))
            .FirstOrDefault();
        return match.Template is not null && match.Item.TryGetProperty(method.ToLowerInvariant(), out var operation)
            ? new OpenApiOperation(this, method, match.Template, match.Item, operation)
            : null;
    }

    internal JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = root;
            foreach (var part in reference.GetString()!.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
                schema = schema.GetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        }

        return schema;
    }

    private static string[] Split(string path) => path.Trim('/').Split('/');

    private static bool IsParameter(string segment) => segment.StartsWith('{');
}
