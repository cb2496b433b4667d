using System.Text.Encodings.Web;
using System.Text.Json;

namespace Saga.Lifecycle.Intake;

/// <summary>JSON in sentences.</summary>
internal static class JsonText
{
    // People read it, so nothing is escaped that JSON allows.
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Readable(JsonElement value) => JsonSerializer.Serialize(value, Options);
}
