using System.Text.Json;
using System.Text.Json.Nodes;

namespace Saga.Lifecycle.Update;

/// <summary>JSON merge patch (RFC 7396). Pure.</summary>
internal static class MergePatch
{
    /// <returns>The patched value, which shares nothing with the target; null for the JSON null.</returns>
    public static JsonNode? Apply(JsonNode? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
            return patch.ValueKind == JsonValueKind.Null ? null : JsonNode.Parse(patch.GetRawText());
        var merged = target is JsonObject former ? (JsonObject)former.DeepClone() : [];
        foreach (var member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
                merged.Remove(member.Name);
            else
                merged[member.Name] = Apply(merged[member.Name], member.Value);
        }

        return merged;
    }
}
