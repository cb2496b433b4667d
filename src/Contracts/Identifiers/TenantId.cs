using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Contracts.Identifiers;

/// <summary>The identity of a tenant: a UUIDv7, never reused. Safe in SQL identifiers, object keys, cache keys and ACLs.</summary>
[JsonConverter(typeof(TenantIdJsonConverter))]
public readonly record struct TenantId(Guid Value)
{
    /// <summary>The 32 lower-case hexadecimal digits, for names that allow no hyphens, such as SQL roles.</summary>
    public string Compact => Value.ToString("n");

    public override string ToString() => Value.ToString("d");

    public static TenantId Parse(string text) => new(Guid.ParseExact(text, "d"));

    public static bool TryParse([NotNullWhen(true)] string? text, out TenantId id)
    {
        var ok = Guid.TryParseExact(text, "d", out var value);
        id = new(value);
        return ok;
    }
}

internal sealed class TenantIdJsonConverter : JsonConverter<TenantId>
{
    public override TenantId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetGuid());

    public override void Write(Utf8JsonWriter writer, TenantId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
