using Dapper;
using Npgsql;
using NpgsqlTypes;
using Saga.Engine.Admission;
using Saga.Engine.Operations;
using Saga.Registry.Sweep;

namespace Saga.Registry.Admission;

/// <summary>The SQL of admission.</summary>
public sealed class SqlAdmissionStore(NpgsqlDataSource registry, RegistryClock clock) : IAdmissionStore
{
    // The holder of this lock counts and admits alone. The lock ends with the transaction. The commit does not wait for the disk:
    // an admission that a server crash loses is repeated, and an operation that is woken twice starts once.
    private const string AdmitAlone = "select pg_try_advisory_xact_lock(7236180431) from (select set_config('synchronous_commit', 'off', true)) quick";

    private const string Count =
        """
        select v.priority,
            (select count(*)::int from operations where slot = 'admitted' and state in ('accepted', 'running') and priority = v.priority),
            (select count(*)::int from (select from operations where slot = 'queued' and priority = v.priority limit @counted) waiting)
        from unnest(array['interactive', 'scheduled', 'batch']) v(priority)
        """;

    private const string Limit = "select slots, at, now() + @offset from (select 1) one left join admission_limit on true";


    public async Task<Admitted> AdmitAsync(int slots, TimeSpan putOff, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var (mine, state, classes) = await LookAsync(connection, transaction, slots, AdmitAlone, counted: slots, cancellationToken);
        if (!mine)
            return new Admitted([], LookAgain: true);
        var chosen = SlotShares.Choose(state.Slots - state.Used, classes).Where(c => c.Value > 0).ToList();
        if (chosen.Count == 0)
            return new Admitted([], LookAgain: false);
        // Skips locked rows, because their own message is about to admit them.
        await using var command = new NpgsqlCommand(
            """
            update operations set slot = 'admitted', next_due_at = now() + $3
            where id in (
                select next.id from unnest($1, $2) as v(priority, count) cross join lateral (
                    select id from operations where slot = 'queued' and priority = v.priority
                    order by slot_returns desc, slot_since, id limit v.count for no key update skip locked) next)
            returning id, traceparent
            """, connection, transaction)
        {
            Parameters =
            {
                Parameter.Array(chosen, c => Name(c.Key), NpgsqlDbType.Text),
                Parameter.Array(chosen, c => c.Value, NpgsqlDbType.Integer),
                new NpgsqlParameter { Value = clock.Offset + putOff },
            },
        };
        var admitted = new List<SweptOperation>();
        await using (var rows = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
                admitted.Add(new SweptOperation(rows.GetGuid(0), rows.IsDBNull(1) ? null : rows.GetString(1)));
        }

        await transaction.CommitAsync(cancellationToken);
        return new Admitted(admitted, LookAgain: false);
    }

    public async Task ReportOverloadAsync(int slots, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            "insert into admission_limit (slots, at) values (@slots, '-infinity') on conflict do nothing; select 1 from admission_limit for update",
            new { slots }, transaction, cancellationToken: cancellationToken));
        var (limit, now) = await LimitAsync(connection, transaction, slots, cancellationToken);
        var cut = limit.Overloaded(slots, now);
        await connection.ExecuteAsync(new CommandDefinition(
            "update admission_limit set slots = @Slots, at = @At", new { cut.Slots, cut.At }, transaction, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<AdmissionState> ReadAsync(int slots, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return (await LookAsync(connection, null, slots, "select true", counted: 100_000, cancellationToken)).State;
    }

    private async Task<(bool Mine, AdmissionState State, List<WaitingClass> Classes)> LookAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, int slots, string alone, int counted, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"{alone}; {Limit}; {Count}", connection, transaction);
        command.Parameters.AddWithValue("counted", counted);
        command.Parameters.AddWithValue("offset", clock.Offset);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        await rows.ReadAsync(cancellationToken);
        var mine = rows.GetBoolean(0);
        await rows.NextResultAsync(cancellationToken);
        var (limit, now) = await LimitAsync(rows, slots, cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        var classes = new List<WaitingClass>();
        while (await rows.ReadAsync(cancellationToken))
            classes.Add(new WaitingClass(Enum.Parse<OperationPriority>(rows.GetString(0), ignoreCase: true), rows.GetInt32(1), rows.GetInt32(2)));
        return (mine, new AdmissionState(limit.Now(slots, now), classes.Sum(c => c.Used), classes.Sum(c => c.Waiting)), classes);
    }

    private async Task<(SlotLimit Limit, DateTimeOffset Now)> LimitAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int slots, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Limit, connection, transaction);
        command.Parameters.AddWithValue("offset", clock.Offset);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await LimitAsync(rows, slots, cancellationToken);
    }

    private static async Task<(SlotLimit Limit, DateTimeOffset Now)> LimitAsync(NpgsqlDataReader rows, int slots, CancellationToken cancellationToken)
    {
        await rows.ReadAsync(cancellationToken);
        var now = rows.GetFieldValue<DateTimeOffset>(2);
        // Before the first overload, or long after the last one.
        return rows.IsDBNull(0) || rows.GetFieldValue<DateTime>(1) == DateTime.MinValue
            ? (new SlotLimit(slots, DateTimeOffset.MinValue), now)
            : (new SlotLimit(rows.GetInt32(0), rows.GetFieldValue<DateTimeOffset>(1)), now);
    }

    private static string Name(OperationPriority priority) => priority.ToString().ToLowerInvariant();
}
