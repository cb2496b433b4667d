using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Contracts;

/// <summary>How everything of Saga is written as JSON: camelCase, absent instead of null. Thread-safe.</summary>
public static class Json
{
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
