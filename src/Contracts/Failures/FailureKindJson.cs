using System.Text.Json;
using System.Text.Json.Serialization;

namespace Saga.Contracts.Failures;

/// <summary>Kinds in lower case. An unknown kind is read as transient: another attempt may help, and the number of attempts is limited.</summary>
internal sealed class FailureKindJson : JsonConverter<FailureKind>
{
    public override FailureKind Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString() switch
    {
        "permanent" => FailureKind.Permanent,
        "outage" => FailureKind.Outage,
        "overload" => FailureKind.Overload,
        _ => FailureKind.Transient,
    };

    public override void Write(Utf8JsonWriter writer, FailureKind value, JsonSerializerOptions options) => writer.WriteStringValue(value switch
    {
        FailureKind.Permanent => "permanent",
        FailureKind.Outage => "outage",
        FailureKind.Overload => "overload",
        _ => "transient",
    });
}
