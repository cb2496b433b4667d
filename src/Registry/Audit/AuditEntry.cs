using System.Globalization;
using Npgsql;

namespace Saga.Registry.Audit;

/// <summary>One line of the audit log. JSON is text, exactly as PostgreSQL has it.</summary>
public sealed record AuditEntry
{
    // Of the table audit, or of a view of it.
    internal const string Columns = "a.id, a.at, a.actor, a.action, a.tenant_id, a.operation_id, a.outcome, a.origin, a.reason, a.occurrences, a.before::text, a.after::text, a.detail::text";

    // Where a further column of a query begins.
    internal const int ColumnCount = 13;

    public required long Id { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public Guid? TenantId { get; init; }

    public Guid? OperationId { get; init; }

    /// <summary>Null in lines of before version 0420.</summary>
    public string? Outcome { get; init; }

    public string? Origin { get; init; }

    public string? Reason { get; init; }

    /// <summary>Of refused requests: how many the line stands for.</summary>
    public long? Occurrences { get; init; }

    public string? Before { get; init; }

    public string? After { get; init; }

    public string? Detail { get; init; }

    /// <summary>The fields in the order of the canonical form.</summary>
    internal IReadOnlyList<string?> Fields =>
    [
        Number(Id), At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture), Actor, Action, TenantId?.ToString(), OperationId?.ToString(), Outcome, Origin, Reason,
        Occurrences is { } times ? Number(times) : null, Before, After, Detail,
    ];

    internal static AuditEntry Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetInt64(0),
        At = row.GetFieldValue<DateTimeOffset>(1),
        Actor = row.GetString(2),
        Action = row.GetString(3),
        TenantId = row.IsDBNull(4) ? null : row.GetGuid(4),
        OperationId = row.IsDBNull(5) ? null : row.GetGuid(5),
        Outcome = Text(row, 6),
        Origin = Text(row, 7),
        Reason = Text(row, 8),
        Occurrences = row.IsDBNull(9) ? null : row.GetInt64(9),
        Before = Text(row, 10),
        After = Text(row, 11),
        Detail = Text(row, 12),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
