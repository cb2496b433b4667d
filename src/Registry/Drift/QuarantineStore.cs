using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Engine.Drift;
using Saga.Registry.Intake;
using Saga.Registry.Operations;
using Saga.Registry.Paging;
using Saga.Registry.Schedule;

namespace Saga.Registry.Drift;

/// <summary>Reads quarantines, and sees to it that what is in one is removed in the end. Thread-safe.</summary>
public sealed class QuarantineStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>How long after a removal that did not happen, or after a release that was undone, a thing is removed at the earliest.</summary>
    public static readonly TimeSpan TriedAgainAfter = TimeSpan.FromDays(1);

    private const int MostRescheduled = 100;

    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-begunAt";

    private const string Select =
        """
        select id, finding_id, operation_id, resource, server, name, renamed, owner, tenant_id, reason, was, state, begun_at, quarantined_at, until, removal, ended_at, words
        from drift_quarantine
        """;

    public async Task<QuarantinedThing?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand($"{Select} where id = $1");
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return (await ReadAsync(ask, cancellationToken)).SingleOrDefault();
    }

    /// <summary>What one repair has quarantined, or is about to, of these resources.</summary>
    public async Task<IReadOnlyList<QuarantinedThing>> OfAsync(Guid operation, IReadOnlyCollection<string> resources, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand($"{Select} where operation_id = $1 and resource = any($2) order by begun_at, id");
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        ask.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. resources] });
        return await ReadAsync(ask, cancellationToken);
    }

    /// <param name="states">The states; null for all.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the query.</param>
    public async Task<Page<QuarantinedThing>> ListAsync(IReadOnlyList<QuarantineState>? states, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, Select);
        if (states is not null)
            query.Where($"state = any({query.Add(states.Select(Name).ToArray())})");
        query.OrderBy("begun_at", "id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.BegunAt), last.Id), cancellationToken);
    }

    /// <summary>Whether the removal by this operation has given way to another one, which was scheduled after it was accepted.</summary>
    public async Task<bool> IsSupersededAsync(Guid id, Guid operation, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand(
            "select exists (select from drift_quarantine q, operations o where q.id = $1 and o.id = $2 and o.requested_by like 'schedule:%' and o.requested_by <> 'schedule:' || q.removal)");
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = operation });
        return (bool)(await ask.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>
    /// Schedules removals again, a day from now, of things in quarantine whose removal was refused, or whose operation has ended without removing them. One that
    /// a person has cancelled stays cancelled. Any number of processes may do so.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> RescheduleAsync(CancellationToken cancellationToken)
    {
        var at = await clock.NowAsync(registry, cancellationToken);
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A row that another process has just changed is locked as it is now, beside a command as it was before. So what is locked is read anew.
        var locked = await StrandedAsync(null, $"limit {MostRescheduled} for no key update of q skip locked");
        var removals = locked.Count == 0 ? locked : await StrandedAsync([.. locked.Select(l => l.Thing)], "");
        if (removals.Count == 0)
            return 0;
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var (thing, removal) in removals)
        {
            batch.BatchCommands.Add(CommandLedger.Statement("update drift_quarantine set until = $2, removal = $3 where id = $1", thing, removal.RunAt, removal.Id));
            foreach (var statement in ScheduleStore.AddCommands(removal))
                batch.BatchCommands.Add(statement);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return removals.Count;

        Task<IReadOnlyList<(Guid Thing, ScheduledCommand Removal)>> StrandedAsync(IReadOnlyCollection<Guid>? among, string end) =>
            QuarantineStore.StrandedAsync(connection, transaction, among, end, at, cancellationToken);
    }

    // Scheduled commands that have ended are forgotten in time. One of a thing that is still in quarantine was cancelled then, because all else is seen long
    // before; one that had begun to remove it was not, unless its operation is still at it.
    private static async Task<IReadOnlyList<(Guid Thing, ScheduledCommand Removal)>> StrandedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<Guid>? among, string end, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await using var ask = new NpgsqlCommand(
            $"""
            select q.id, coalesce(s.operation_id, q.operation_id), case when s.operation_id is null then s.after_operation end
            from drift_quarantine q left join scheduled_commands s on s.id = q.removal
            where q.ended_at is null and q.state in ('quarantined', 'removing') and ($1::uuid[] is null or q.id = any($1)) and (
                q.removal is null or s.state = 'refused'
                or s.state = 'submitted' and not exists (select from operations o where o.id = s.operation_id and o.state not in ('completed', 'compensated', 'cancelled'))
                or s.id is null and q.state = 'removing' and not exists (select from operation_scopes where scope = '{OperationScopes.Drift}'))
            order by q.begun_at {end}
            """,
            connection, transaction);
        ask.Parameters.Add(DriftSnapshot.Ids(among));
        var found = new List<(Guid, ScheduledCommand)>();
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var thing = row.GetGuid(0);
            found.Add((thing, QuarantineRows.Removal(thing, row.GetGuid(1), at + TriedAgainAfter, at) with { AfterOperation = row.IsDBNull(2) ? null : row.GetGuid(2) }));
        }

        return found;
    }

    internal static string Name(QuarantineState state) => state.ToString().ToLowerInvariant();

    private static async Task<IReadOnlyList<QuarantinedThing>> ReadAsync(NpgsqlCommand ask, CancellationToken cancellationToken)
    {
        var found = new List<QuarantinedThing>();
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            found.Add(Read(row));
        return found;
    }

    private static QuarantinedThing Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Finding = row.GetGuid(1),
        Operation = row.GetGuid(2),
        Key = new(row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4), row.GetString(5)),
        Renamed = row.GetString(6),
        Owner = row.IsDBNull(7) ? null : row.GetGuid(7),
        Tenant = row.IsDBNull(8) ? null : row.GetGuid(8),
        Reason = row.GetString(9),
        Was = JsonSerializer.Deserialize<IReadOnlyDictionary<string, string>>(row.GetString(10), Json.Options)!,
        State = Enum.Parse<QuarantineState>(row.GetString(11), ignoreCase: true),
        BegunAt = row.GetFieldValue<DateTimeOffset>(12),
        QuarantinedAt = Time(row, 13),
        Until = Time(row, 14),
        Removal = row.IsDBNull(15) ? null : row.GetGuid(15),
        EndedAt = Time(row, 16),
        Words = row.IsDBNull(17) ? null : row.GetString(17),
    };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
