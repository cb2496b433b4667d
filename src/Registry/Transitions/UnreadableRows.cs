using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Engine.Operations;

namespace Saga.Registry.Transitions;

/// <summary>Operations in a batch that this version cannot read.</summary>
internal static class UnreadableRows
{
    /// <summary>Whether the error means that a row contains a value that this version does not know.</summary>
    public static bool Is(Exception error) =>
        error is JsonException or ArgumentException or KeyNotFoundException or FormatException or InvalidOperationException or NotSupportedException or InvalidCastException
        && error is not ObjectDisposedException and not NpgsqlOperationInProgressException;

    /// <exception cref="FormatException">This version does not know the state.</exception>
    public static OperationState StateOf(string name) =>
        OperationStateNames.TryRead(name, out var state)
            ? state
            : throw new FormatException($"This version does not know the state '{name}' of an operation.");

    /// <summary>Postpones each operation twice as long as the last time, up to an hour. Meanwhile they use no slots.</summary>
    public static NpgsqlBatchCommand PutOff(IReadOnlyDictionary<Guid, string> reasons, DateTimeOffset now) => new(
        """
        with noted as (
            insert into unreadable_operations as u (operation_id, reason)
            select v.id, v.reason from unnest($1, $2) as v(id, reason)
            on conflict (operation_id) do update set reason = excluded.reason, times = u.times + 1, last_at = now()
            returning operation_id, times)
        update operations o set slot = case when o.slot in ('exempt', 'waiting') then o.slot else 'released' end, next_due_at = $3 + least(interval '10 seconds' * power(2, least(n.times, 20) - 1), interval '1 hour')
        from noted n where o.id = n.operation_id
        """)
    {
        Parameters =
        {
            Parameter.Array(reasons.Keys, id => id, NpgsqlDbType.Uuid),
            Parameter.Array(reasons.Values, reason => reason, NpgsqlDbType.Text),
            new NpgsqlParameter { Value = now },
        },
    };
}
