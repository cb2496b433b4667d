using System.Text.Json;

namespace Saga.Registry.Deprovisionings;

/// <summary>A tenant's deprovisioning as one column of a query, so that it is as old as the rest of its row.</summary>
internal static class PendingDeletionSql
{
    /// <summary>The deprovisioning of tenant <c>t</c>; null when there is none.</summary>
    public const string Column =
        """
        (select jsonb_build_array(d.operation_id, d.requested_by, d.requested_at, coalesce(s.run_at, d.delete_at), d.grace_days, d.backup, d.scheduled_id,
                coalesce(s.state = 'scheduled', false) or exists (select from operations o where o.id = d.removal_id and o.finished_at is null), d.final_at)::text
            from deprovisionings d left join scheduled_commands s on s.id = d.scheduled_id where d.tenant_id = t.id)
        """;

    public static PendingDeletion? Read(string? column)
    {
        if (column is null)
            return null;
        using var row = JsonDocument.Parse(column);
        var d = row.RootElement;
        return new(
            d[0].GetGuid(), d[1].GetString()!, Time(d[2]), Time(d[3]), d[4].GetInt32(), d[5].GetBoolean(), d[6].GetGuid(), d[7].GetBoolean(),
            d[8].ValueKind == JsonValueKind.Null ? null : Time(d[8]));
    }

    private static DateTimeOffset Time(JsonElement value) => value.GetDateTimeOffset().ToUniversalTime();
}
