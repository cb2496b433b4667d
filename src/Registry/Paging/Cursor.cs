using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Saga.Registry.Paging;

/// <summary>
/// The sort position of a page's last row, so that rows added or removed in the meantime do not shift pages. Opaque to callers.
/// </summary>
/// <param name="Sort">The sort order that it belongs to, such as <c>-createdAt</c>.</param>
/// <param name="Key">The row's value in that order.</param>
/// <param name="Id">The tie-breaker among equal values.</param>
public sealed record Cursor(string Sort, string Key, Guid Id)
{
    // Keys are of any letters, of which none takes more than three bytes for each of its characters. The rest of a cursor takes less than 100.
    private const int MaxLength = ((3 * CursorKey.MaxTextLength) + 100) * 4 / 3;

    // Escaped, a letter would take six, and the address of a page would be longer than servers read.
    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new[] { Sort, Key, Id.ToString("n") }, Unescaped));

    /// <summary>False for any text that <see cref="ToString"/> did not create for this order.</summary>
    public static bool TryParse(string text, string sort, [NotNullWhen(true)] out Cursor? cursor)
    {
        cursor = null;
        if (text.Length is 0 or > MaxLength || !Base64Url.IsValid(text))
            return false;
        try
        {
            var parts = JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text));
            if (parts is [var made, { } key, { } id] && made == sort && Guid.TryParseExact(id, "n", out var value) && CursorKey.IsOf(sort, key))
                cursor = new(sort, key, value);
        }
        catch (JsonException)
        {
            return false;
        }

        return cursor is not null;
    }
}
