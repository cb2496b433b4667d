using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Saga.Contracts.Identifiers;

/// <summary>
/// The immutable, human-readable name of a tenant: 3 to 40 characters, <c>[a-z][a-z0-9-]{1,38}[a-z0-9]</c>.
/// A value of this type has been validated; <c>default</c> has an empty text and is not a slug.
/// </summary>
[JsonConverter(typeof(SlugJsonConverter))]
public readonly partial record struct Slug
{
    public const string Rule = "3 to 40 characters: a-z, 0-9 and '-'; begins with a letter, ends with a letter or digit";

    private readonly string? value;

    private Slug(string value) => this.value = value;

    public override string ToString() => value ?? "";

    /// <exception cref="FormatException">The text breaks <see cref="Rule"/>.</exception>
    public static Slug Parse(string text) =>
        TryParse(text, out var slug) ? slug : throw new FormatException($"'{text}' is not a slug: {Rule}.");

    public static bool TryParse([NotNullWhen(true)] string? text, out Slug slug)
    {
        var ok = text is not null && Pattern().IsMatch(text);
        slug = ok ? new Slug(text!) : default;
        return ok;
    }

    // All patterns are linear. The limit is far above what a frozen or starved process can reach in the middle of a match.
    [GeneratedRegex(@"\A[a-z][a-z0-9-]{1,38}[a-z0-9]\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Pattern();
}

internal sealed class SlugJsonConverter : JsonConverter<Slug>
{
    public override Slug Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Slug.TryParse(reader.GetString(), out var slug) ? slug : throw new JsonException($"Not a slug: {Slug.Rule}.");

    public override void Write(Utf8JsonWriter writer, Slug value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
