using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Lifecycle.Intake;

/// <summary>A command as data: stored with its operation, and hashed to compare commands.</summary>
internal sealed class CommandBody
{
    private const string KeyProperty = "idempotencyKey";
    private readonly JsonElement command;

    private CommandBody(JsonElement command)
    {
        this.command = command;
        Key = command.TryGetProperty(KeyProperty, out var key) ? key.GetString() : null;
    }

    /// <summary>The idempotency key in the command itself.</summary>
    public string? Key { get; }

    public static CommandBody Of<TCommand>(TCommand command)
        where TCommand : class => new(JsonSerializer.SerializeToElement(command, Json.Options));

    /// <summary>The command as JSON, without its key.</summary>
    public string ToJson() => System.Text.Encoding.UTF8.GetString(Write());

    /// <summary>Equal for equal content, whatever the order of members. Hashes are stored, so the algorithm must not change.</summary>
    public byte[] Hash() => SHA256.HashData(Write());

    // Writes its own properties in declaration order, and those of nested objects by name.
    private byte[] Write()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var property in command.EnumerateObject().Where(p => p.Name != KeyProperty))
            {
                if (property.Value.ValueKind != JsonValueKind.Object)
                {
                    property.WriteTo(json);
                    continue;
                }

                json.WriteStartObject(property.Name);
                foreach (var member in property.Value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                    member.WriteTo(json);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
