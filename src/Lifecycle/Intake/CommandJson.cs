using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Saga.Lifecycle.Intake;

/// <summary>The rules for a command's JSON, for every door: one object in UTF-8, without duplicate members, of bounded size and depth.</summary>
public static class CommandJson
{
    public const int MaxBytes = 64 * 1024;

    /// <summary>The nesting that is accepted.</summary>
    public const int MaxDepth = 32;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <param name="json">At most <see cref="MaxBytes"/>.</param>
    /// <param name="document">The document, which the caller disposes of; null when there is an error.</param>
    /// <param name="error">What is wrong, for a person.</param>
    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out JsonDocument? document, [NotNullWhen(false)] out string? error)
    {
        (document, error) = (null, null);
        if (!Utf8.IsValid(json.Span))
        {
            error = "The body is not UTF-8.";
            return false;
        }

        try
        {
            document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return true;
            document.Dispose();
            document = null;
            error = "The body must be a JSON object.";
        }
        // InvalidOperationException: a name contains half of a surrogate pair, so it cannot be compared with the others.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            error = JsonError.Describe(json.Span, MaxDepth);
        }

        return false;
    }
}
