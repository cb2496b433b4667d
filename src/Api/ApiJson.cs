using System.Text.Encodings.Web;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Api;

/// <summary>
/// How answers are written: as everything of Saga, but readable in a terminal, quotes as quotes. Each answer says that it
/// is no page (<c>nosniff</c>), which is what the stricter escapes are for.
/// </summary>
internal static class ApiJson
{
    public static JsonSerializerOptions Options { get; } = new(Json.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
