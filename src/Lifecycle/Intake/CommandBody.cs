using System.Security.Cryptography;
using System.Text.Json;
using Saga.Contracts;

namespace Saga.Lifecycle.Intake;

/// <summary>A command as data: stored with its operation, and hashed to compare commands.</summary>
internal sealed class CommandBody
{
    private const string KeyProperty = "idempotencyKey";
    private const string PatchProperty = "changes";
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
    /// <param name="replayOf">The operation whose command it is, because a replay is another command; null for a command of its own.</param>
    public byte[] Hash(Guid? replayOf = null) => SHA256.HashData(replayOf is { } ended ? [.. Write(), .. ended.ToByteArray(bigEndian: true)] : Write());

    // Writes its own properties in declaration order, and those of nested objects by name. Members below them are written as they came, as
    // stored hashes have it; a merge patch is newer than that.
    private byte[] Write()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var property in command.EnumerateObject().Where(p => p.Name != KeyProperty))
            {
                json.WritePropertyName(property.Name);
                WriteSorted(json, property.Value, property.Name == PatchProperty ? int.MaxValue : 1);
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteSorted(Utf8JsonWriter json, JsonElement value, int depth)
    {
        if (depth == 0 || value.ValueKind != JsonValueKind.Object)
        {
            value.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        foreach (var member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
        {
            json.WritePropertyName(member.Name);
            WriteSorted(json, member.Value, depth - 1);
        }

        json.WriteEndObject();
    }
}
