using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Batches;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Batches;
using Saga.Engine.Replays;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Paging;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;

namespace Saga.Registry.Batches;

/// <summary>Prepares, shows and orders batches. <see cref="BatchRuns"/> is for the process that runs them. Thread-safe.</summary>
public sealed class BatchStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-createdAt";

    /// <summary>The order of a batch's items: that in which they begin.</summary>
    public const string ItemSort = "number";

    /// <summary>The most items of a batch.</summary>
    public const int MostItems = 10_000;

    /// <summary>The SQLSTATE of a batch that cannot be run, because it has been or is gone.</summary>
    public const string NotPrepared = "SG020";

    internal const string Columns =
        """
        b.id, b.kind, b.state, b.action, b.input, b.wave_first, b.wave_factor, b.wave_max, b.rate_per_minute, b.stop_at_ratio, b.reason, b.prepared_by, b.created_at, b.expires_at,
        b.operation_id, b.run_by, b.as_operator, b.wave, b.wave_size, b.pause_reason, b.ended_at, b.ended_by, b.end_reason, b.pause_code,
        (select jsonb_object_agg(c.state, c.number) from (select i.state, count(*) as number from batch_items i where i.batch_id = b.id group by i.state) c)
        """;

    // How the operation ends if the replay succeeds: one that stalled while it was undone, or shall be undone, ends undone.
    private const string ReplayItems =
        """
        insert into batch_items (batch_id, number, subject, version, expects, kind, step, code, system)
        select $1, row_number() over (order by o.created_at, o.id), o.id, (select coalesce(max(h.id), 0) from operation_history h where h.operation_id = o.id),
            case when o.state = 'stalled' and ($2 = 'compensate' or ($2 is null and coalesce(o.failed_back, false))) then 'undone' else 'completed' end,
            o.kind, o.failed_step, o.failure ->> 'code', o.failure ->> 'system'
        from operations o
        """;

    /// <summary>Prepares a batch of replays: its items are the operations that match now.</summary>
    /// <returns>The number of its items. Nothing was written if it is 0 or more than <see cref="MostItems"/>.</returns>
    /// <exception cref="PostgresException">23505: the caller has used the key before.</exception>
    public async Task<int> PrepareAsync(Batch batch, IdempotencyKey? key, ReplayFilter? filter, IReadOnlyList<Guid>? ids, string? mode, CancellationToken cancellationToken)
    {
        await using var items = new NpgsqlCommand();
        items.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch.Id });
        items.Parameters.Add(Text(mode));
        var where = new Conditions(items);
        if (ids is not null)
            where.And("o.id = any({0})", ids.ToArray());
        else
            where.And("o.state = {0}", filter!.State ?? "stalled");
        where.AndText("o.kind = {0}", filter?.Kind);
        where.AndText("o.failed_step = {0}", filter?.Step);
        where.AndText("o.failure ->> 'code' = {0}", filter?.Code);
        where.AndText("o.failure ->> 'system' = {0}", filter?.System);
        if (filter?.FailedIn is { } former)
            where.And("o.id in (select i.operation_id from batch_items i where i.batch_id = {0} and i.state = 'failed')", former);
        if (filter?.Since is { } since)
            where.And("coalesce(o.failed_at, o.finished_at, o.created_at) >= {0}", since.ToUniversalTime());
        if (filter?.Until is { } until)
            where.And("coalesce(o.failed_at, o.finished_at, o.created_at) < {0}", until.ToUniversalTime());
        items.CommandText = $"{ReplayItems}{where} limit {MostItems + 1}";
        return await PrepareAsync(batch, key, items, cancellationToken);
    }

    /// <summary>Prepares a batch of commands: its items are the tenants that match now.</summary>
    /// <returns>The number of its items. Nothing was written if it is 0 or more than <see cref="MostItems"/>.</returns>
    /// <exception cref="PostgresException">23505: the caller has used the key before.</exception>
    public async Task<int> PrepareAsync(Batch batch, IdempotencyKey? key, TenantSelector? selector, IReadOnlyList<string>? tenants, CancellationToken cancellationToken)
    {
        await using var items = new NpgsqlCommand();
        items.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch.Id });
        var where = Selected(items, selector, tenants, tenants is null ? selector!.Status ?? "active" : null);
        items.CommandText =
            $"""
            insert into batch_items (batch_id, number, subject, expects)
            select $1, row_number() over (order by t.created_at, t.id), t.id, 'completed' from tenants t {where} limit {MostItems + 1}
            """;
        return await PrepareAsync(batch, key, items, cancellationToken);
    }

    /// <summary>Prepares a batch of upgrades for these places.</summary>
    /// <returns>The number of its items. Nothing was written if it is 0 or more than <see cref="MostItems"/>.</returns>
    /// <exception cref="PostgresException">23505: the caller has used the key before.</exception>
    public async Task<int> PrepareAsync(Batch batch, IdempotencyKey? key, IReadOnlyList<ChosenPlace> places, CancellationToken cancellationToken)
    {
        await using var items = new NpgsqlCommand(
            $"""
            insert into batch_items (batch_id, number, subject, expects, tier, server, database, schema, tenants, not_before, rehearsal)
            select $1, v.number, coalesce(v.tenant, gen_random_uuid()), 'completed', v.tier, v.server, v.database, v.schema, v.tenants, v.not_before, case when v.rehearses then 1 end
            from unnest($2, $3, $4, $5, $6, $7, $8, $9) with ordinality as v (tenant, tier, server, database, schema, tenants, not_before, rehearses, number) limit {MostItems + 1}
            """);
        items.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch.Id });
        items.Parameters.Add(new NpgsqlParameter { Value = places.Select(p => p.Tenant?.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        items.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. places.Select(p => Name(p.Place.Tier))] });
        items.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. places.Select(p => p.Place.Place.Server)] });
        items.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. places.Select(p => p.Place.Place.Database)] });
        items.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. places.Select(p => p.Place.Place.Schema)] });
        items.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. places.Select(p => p.Place.Tenants)] });
        items.Parameters.Add(new NpgsqlParameter { Value = places.Select(p => p.NotBefore?.ToUniversalTime()).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        items.Parameters.Add(new NpgsqlParameter<bool[]> { TypedValue = [.. places.Select(p => p.IsRehearsal)] });
        return await PrepareAsync(batch, key, items, cancellationToken);
    }

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => clock.NowAsync(registry, cancellationToken);

    public async Task<Batch?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"select {Columns} from batches b where b.id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>What the caller has prepared with this key, and the hash of the request.</summary>
    public async Task<(Guid Id, byte[] Hash)?> FindAsync(string caller, string key, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand("select id, request_hash from batches where prepared_by = $1 and request_key = $2");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (row.GetGuid(0), row.GetFieldValue<byte[]>(1)) : null;
    }

    /// <param name="filter">Conditions that must all hold.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<Batch>> ListAsync(BatchFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, $"select {Columns} from batches b");
        if (filter.Kinds is { } kinds)
            query.Where($"b.kind = any({query.Add(kinds.Select(Name).ToArray())})");
        if (filter.States is { } states)
            query.Where($"b.state = any({query.Add(states.Select(Name).ToArray())})");
        query.OrderBy("b.created_at", "b.id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.CreatedAt), last.Id), cancellationToken);
    }

    /// <param name="batch">The batch.</param>
    /// <param name="states">Null for all.</param>
    /// <param name="seen">What was seen of the effect of those that succeeded; null for all items.</param>
    /// <param name="after">A cursor of <see cref="ItemSort"/>; null for the first.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<BatchItem>> ListItemsAsync(Guid batch, IReadOnlyList<BatchItemState>? states, ReplayStage? seen, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, $"select {ItemColumns} from batch_items i");
        query.Where($"i.batch_id = {query.Add(batch)}");
        if (states is not null)
            query.Where($"i.state = any({query.Add(states.Select(Name).ToArray())})");
        if (seen is { } stage)
            query.Where($"{Seen} = {query.Add(Name(stage))}");
        query.OrderBy("i.number", "i.subject", descending: false, after, key => int.TryParse(key, out var number) ? number : null);
        return await query.ReadAsync(limit, ReadItem, last => new(ItemSort, last.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), last.Subject), cancellationToken);
    }

    /// <summary>How many of a batch's replays that succeeded were seen to have, or not.</summary>
    public async Task<IReadOnlyDictionary<ReplayStage, int>> CountSeenAsync(Guid batch, CancellationToken cancellationToken)
    {
        await using var count = registry.CreateCommand(
            """
            select c.outcome, count(*)::int from batch_items i join replay_checks c on c.operation_id = i.operation_id
            where i.batch_id = $1 and i.state = 'succeeded' and c.outcome is not null group by c.outcome
            """);
        count.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch });
        var counts = new Dictionary<ReplayStage, int>();
        await using var row = await count.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            counts[Enum.Parse<ReplayStage>(row.GetString(0), ignoreCase: true)] = row.GetInt32(1);
        return counts;
    }

    /// <summary>What the operations of a batch of replays have in common, the largest group first.</summary>
    public async Task<IReadOnlyList<BatchGroup>> GroupsAsync(Guid batch, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select kind, step, code, system, count(*)::int, (array_agg(subject order by number))[1] from batch_items
            where batch_id = $1 and kind is not null group by kind, step, code, system order by count(*) desc, kind, step, code limit 100
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = batch });
        var groups = new List<BatchGroup>();
        await using var rows = await find.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
            groups.Add(new(rows.GetString(0), TextOf(rows, 1), TextOf(rows, 2), TextOf(rows, 3), rows.GetInt32(4), rows.GetGuid(5)));
        return groups;
    }

    /// <summary>For the transaction that accepts the order to run a batch: marks it as running, or fails with <see cref="NotPrepared"/>.</summary>
    public static NpgsqlBatchCommand RunCommand(Guid batch, Guid operation, string caller, bool asOperator, DateTimeOffset at) =>
        CommandLedger.Statement("select run_batch($1, $2, $3, $4, $5)", batch, operation, caller, asOperator, at);

    /// <summary>Carries out a person's order with its audit line, in one transaction.</summary>
    /// <returns>Why it is refused; empty when it was carried out, or had been before; null when there is no such batch.</returns>
    public async Task<string?> OrderAsync(Guid id, BatchOrder order, string actor, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        BatchState state;
        Guid? operation;
        await using (var find = new NpgsqlCommand("select state, operation_id from batches where id = $1 for no key update", connection, transaction))
        {
            find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await using var row = await find.ExecuteReaderAsync(cancellationToken);
            if (!await row.ReadAsync(cancellationToken))
                return null;
            (state, operation) = (Enum.Parse<BatchState>(row.GetString(0), ignoreCase: true), row.IsDBNull(1) ? null : row.GetGuid(1));
        }

        if (state == order.Target())
            return "";
        if (order.Refusal(state) is { } refusal)
            return refusal;
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            foreach (var statement in order.Statements(id, actor, reason, clock.Offset))
                batch.BatchCommands.Add(statement);
            if (operation is { } parent)
                batch.BatchCommands.Add(BatchRuns.HistoryCommand(parent, order.Event(), new { by = actor, reason }));
            batch.BatchCommands.Add(CommandLedger.Statement(
                "insert into audit (actor, action, operation_id, detail, origin) values ($1, $2, $3, $4::jsonb, $5)",
                actor, AuditActions.OfBatch(order), new NpgsqlParameter { Value = (object?)operation ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }, JsonSerializer.Serialize(new { batch = id, reason }, Json.Options), AuditOrigin.Current));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        // Not cancelled with the caller, because then it would be unknown whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
        return "";
    }

    private const string Seen = "(select c.outcome from replay_checks c where c.operation_id = i.operation_id and i.state = 'succeeded')";

    // The complete backup that an upgrade has made before, or a rehearsal to restore it.
    private const string Backup = "case when i.server is not null then (select u.id from backups u where u.operation_id = i.operation_id and u.state = 'completed') end";

    internal const string ItemColumns =
        $"""
        i.batch_id, i.number, i.subject, i.version, i.state, i.wave, i.operation_id, i.failure, i.begun_at, i.ended_at, {Seen},
        i.tier, i.server, i.database, i.schema, i.tenants, i.not_before, {Backup}, i.rehearsal
        """;

    internal static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    internal static BatchItem ReadItem(NpgsqlDataReader row) => new()
    {
        BatchId = row.GetGuid(0),
        Number = row.GetInt32(1),
        Subject = row.GetGuid(2),
        Version = row.IsDBNull(3) ? null : row.GetInt64(3),
        State = Enum.Parse<BatchItemState>(row.GetString(4), ignoreCase: true),
        Wave = row.IsDBNull(5) ? null : row.GetInt32(5),
        OperationId = row.IsDBNull(6) ? null : row.GetGuid(6),
        Failure = row.IsDBNull(7) ? null : JsonSerializer.Deserialize<Failure>(row.GetString(7), Json.Options),
        BegunAt = row.IsDBNull(8) ? null : row.GetFieldValue<DateTimeOffset>(8),
        EndedAt = row.IsDBNull(9) ? null : row.GetFieldValue<DateTimeOffset>(9),
        Seen = row.IsDBNull(10) ? null : Enum.Parse<ReplayStage>(row.GetString(10), ignoreCase: true),
        Place = row.IsDBNull(11) ? null : new(Enum.Parse<IsolationTier>(row.GetString(11), ignoreCase: true), new(row.GetString(12), row.GetString(13), row.GetString(14)), row.GetInt32(15)),
        NotBefore = row.IsDBNull(16) ? null : row.GetFieldValue<DateTimeOffset>(16),
        BackupId = row.IsDBNull(17) ? null : row.GetGuid(17),
        Rehearsal = row.IsDBNull(18) ? null : row.GetInt32(18),
    };

    internal static Batch Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Kind = Enum.Parse<BatchKind>(row.GetString(1), ignoreCase: true),
        State = Enum.Parse<BatchState>(row.GetString(2), ignoreCase: true),
        Action = TextOf(row, 3),
        Input = JsonElement.Parse(row.GetString(4)),
        Pace = new(row.GetInt32(5), row.GetInt32(6), row.GetInt32(7), row.IsDBNull(8) ? null : row.GetInt32(8), row.GetDecimal(9)),
        Reason = row.GetString(10),
        PreparedBy = row.GetString(11),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(12),
        ExpiresAt = row.GetFieldValue<DateTimeOffset>(13),
        OperationId = row.IsDBNull(14) ? null : row.GetGuid(14),
        RunBy = TextOf(row, 15),
        AsOperator = row.GetBoolean(16),
        Wave = row.GetInt32(17),
        WaveSize = row.GetInt32(18),
        PauseReason = TextOf(row, 19),
        EndedAt = row.IsDBNull(20) ? null : row.GetFieldValue<DateTimeOffset>(20),
        EndedBy = TextOf(row, 21),
        EndReason = TextOf(row, 22),
        PauseCode = TextOf(row, 23),
        Counts = row.IsDBNull(24) ? new Dictionary<BatchItemState, int>() : JsonSerializer.Deserialize<Dictionary<string, int>>(row.GetString(24), Json.Options)!
            .ToDictionary(c => Enum.Parse<BatchItemState>(c.Key, ignoreCase: true), c => c.Value),
    };

    private async Task<int> PrepareAsync(Batch batch, IdempotencyKey? key, NpgsqlCommand items, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var insert = new NpgsqlBatch(connection, transaction))
        {
            insert.BatchCommands.Add(CommandLedger.Statement(
                """
                insert into batches (id, kind, state, action, input, wave_first, wave_factor, wave_max, rate_per_minute, stop_at_ratio, reason, prepared_by, created_at, expires_at, request_key, request_hash)
                values ($1, $2, 'prepared', $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                """,
                batch.Id, Name(batch.Kind), batch.Action, batch.Input.GetRawText(), batch.Pace.First, batch.Pace.Factor, batch.Pace.Max,
                new NpgsqlParameter { Value = (object?)batch.Pace.PerMinute ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer }, batch.Pace.StopAtFailureRatio,
                batch.Reason, batch.PreparedBy, batch.CreatedAt, batch.ExpiresAt,
                key?.Text, new NpgsqlParameter { Value = (object?)key?.CommandHash ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea }));
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        (items.Connection, items.Transaction) = (connection, transaction);
        var count = await items.ExecuteNonQueryAsync(cancellationToken);
        if (count is 0 or > MostItems)
            return count;
        await using (var audit = new NpgsqlBatch(connection, transaction))
        {
            audit.BatchCommands.Add(CommandLedger.Statement(
                "insert into audit (at, actor, action, detail, origin) values ($1, $2, $3, $4::jsonb, $5)",
                batch.CreatedAt, batch.PreparedBy, AuditActions.BatchPrepare,
                JsonSerializer.Serialize(new { batch = batch.Id, kind = Name(batch.Kind), batch.Action, items = count, batch.Reason }, Json.Options), AuditOrigin.Current));
            await audit.ExecuteNonQueryAsync(cancellationToken);
        }

        // Not cancelled with the caller, because then it would be unknown whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
        return count;
    }

    // The conditions on a tenant t.
    internal static Conditions Selected(NpgsqlCommand command, TenantSelector? selector, IReadOnlyList<string>? tenants, string? status)
    {
        var where = new Conditions(command);
        where.And("t.status <> {0}", "deprovisioned");
        if (tenants is not null)
            where.And("(t.id::text = any({0}) or t.slug = any({0}))", tenants.ToArray());
        where.AndText($"case when t.status = 'active' and {TenantStore.Closed} then 'suspended' else t.status end = {{0}}", status);
        where.AndText("t.plan = {0}", selector?.Plan);
        where.AndText("t.tier = {0}", selector?.Tier);
        where.AndText("t.region = {0}", selector?.Region);
        where.AndText("exists (select from placements p where p.tenant_id = t.id and p.state = 'current' and p.server = {0})", selector?.Server);
        return where;
    }

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static string? TextOf(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    // The conditions of a statement, with their values as parameters.
    internal sealed class Conditions(NpgsqlCommand command)
    {
        private readonly List<string> all = [];

        public void And(string condition, object value)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
            all.Add(condition.Replace("{0}", $"${command.Parameters.Count}", StringComparison.Ordinal));
        }

        public void AndText(string condition, string? value)
        {
            if (value is not null)
                And(condition, value);
        }

        public override string ToString() => $" where {string.Join(" and ", all)}";
    }
}
