using System.Text.Json;

namespace Saga.Lifecycle.Intake;

/// <summary>Describes for a person what is wrong with refused JSON, and where.</summary>
internal static class JsonError
{
    private const int MaxNameLength = 100;

    /// <param name="json">UTF-8 that is not one JSON value, is nested deeper than this, or names a member twice.</param>
    public static string Describe(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (json.Trim(" \t\r\n"u8).IsEmpty)
            return "The body is empty: send a JSON object.";
        if (json.StartsWith("\uFEFF"u8))
            return "The body begins with a byte order mark: remove it.";
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = int.MaxValue });
        var names = new Stack<HashSet<string>>();
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && reader.CurrentDepth >= maxDepth)
                    return $"{Position(json, reader.TokenStartIndex)}: nested deeper than {maxDepth} levels.";
                if (reader.TokenType == JsonTokenType.StartObject)
                    names.Push(new(StringComparer.Ordinal));
                else if (reader.TokenType == JsonTokenType.EndObject)
                    names.Pop();
                else if (reader.TokenType == JsonTokenType.PropertyName && Error(ref reader, names.Peek()) is { } error)
                    return $"{Position(json, reader.TokenStartIndex)}: {error}";
            }
        }
        catch (JsonException e)
        {
            return $"Line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: not well-formed.";
        }

        return "The body must be one JSON object.";
    }

    private static string? Error(ref Utf8JsonReader reader, HashSet<string> names)
    {
        try
        {
            var name = reader.GetString()!;
            return names.Add(name) ? null : $"the member '{(name.Length > MaxNameLength ? name[..MaxNameLength] : name)}' appears twice.";
        }
        catch (InvalidOperationException)
        {
            return "the member's name contains half of a surrogate pair.";
        }
    }

    private static string Position(ReadOnlySpan<byte> json, long index)
    {
        var before = json[..(int)index];
        return $"Line {before.Count((byte)'\n') + 1}, byte {before.Length - before.LastIndexOf((byte)'\n')}";
    }
}
