using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Contracts;

/// <summary>The JSON settings of all of Saga: camelCase, and null members are omitted. Thread-safe.</summary>
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
