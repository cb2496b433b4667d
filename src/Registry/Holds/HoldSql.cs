using System.Text.Json;

namespace Saga.Registry.Holds;

/// <summary>A tenant's holds as one column of a query, so that they are as old as the rest of its row.</summary>
internal static class HoldSql
{
    /// <summary>The holds of tenant <c>t</c>, oldest first; null when it has none.</summary>
    public const string Column =
        """
        (select jsonb_agg(jsonb_build_array(h.code, h.effect, h.actor, h.reason, h.created_at) order by h.created_at, h.code)::text
            from holds h where h.tenant_id = t.id)
        """;

    public static IReadOnlyList<Hold> Read(string? column)
    {
        if (column is null)
            return [];
        using var holds = JsonDocument.Parse(column);
        return
        [
            .. holds.RootElement.EnumerateArray().Select(h => new Hold(
                HoldNames.Code(h[0].GetString()!), HoldNames.Effect(h[1].GetString()!), h[2].GetString()!, h[3].GetString()!, h[4].GetDateTimeOffset().ToUniversalTime())),
        ];
    }
}
