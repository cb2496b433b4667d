using System.Text.Encodings.Web;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Api;

/// <summary>
/// The JSON settings of responses: the common ones, but with fewer escapes so that output is readable in a terminal. Each response
/// sends <c>nosniff</c>, so browsers do not treat it as a page and the stricter escapes are not needed.
/// </summary>
internal static class ApiJson
{
    public static JsonSerializerOptions Options { get; } = new(Json.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
