using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Paging;

namespace Saga.Registry.Schedule;

/// <summary>
/// The SQL of scheduled commands. They are due by the registry's clock, so they survive the loss of every process. Any number of runners may
/// take them: each skips rows that another has locked, and one that dies loses its claim to the next. Thread-safe.
/// </summary>
public sealed class ScheduleStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The order of lists: newest first.</summary>
    public const string Sort = "-createdAt";

    private const string Columns =
        """
        s.id, s.kind, s.tenant_id, s.command, s.run_at, s.expires_at, s.state, s.needs_approval, s.requested_by, s.created_at, s.approved_by, s.approval_reason, s.approved_at,
        s.tries, s.operation_id, s.refusal, s.ended_at, s.ended_by, s.end_reason, s.after_operation
        """;

    /// <summary>
    /// Adds a command with its audit line. It may be part of the transaction that accepts another command, such as one that begins a grace
    /// period.
    /// </summary>
    public static IReadOnlyList<NpgsqlBatchCommand> AddCommands(ScheduledCommand command, IdempotencyKey? key = null) =>
    [
        CommandLedger.Statement(
            """
            insert into scheduled_commands (id, kind, tenant_id, command, run_at, expires_at, needs_approval, requested_by, created_at, request_key, request_hash, next_try_at, after_operation)
            values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, $11, case when $7 then $6 else $5 end, $12)
            """,
            command.Id, command.Kind, Id(command.TenantId?.Value), command.Command.GetRawText(), command.RunAt, command.ExpiresAt, command.NeedsApproval, command.RequestedBy, command.CreatedAt,
            key?.Text, new NpgsqlParameter { Value = (object?)key?.CommandHash ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea }, Id(command.AfterOperation)),
        CommandLedger.Statement(
            "insert into audit (at, actor, action, tenant_id, detail, origin) values ($1, $2, $3, $4, $5::jsonb, $6)",
            command.CreatedAt, command.RequestedBy, AuditActions.CommandSchedule, Id(command.TenantId?.Value),
            JsonSerializer.Serialize(new { command.Id, command.Kind, command.RunAt, command.ExpiresAt, command.NeedsApproval }, Json.Options), AuditOrigin.Current),
    ];

    /// <summary>Cancels a tenant's commands of a kind that have not run yet and whose field has a value, with their audit lines.</summary>
    public static NpgsqlBatchCommand CancelCommand(string kind, TenantId tenant, string field, string value, string actor, string reason) => CommandLedger.Statement(
        $"""
        with cancelled as (
            update scheduled_commands set state = 'cancelled', ended_by = $5, end_reason = $6, ended_at = now(), next_try_at = null, claim = null
            where kind = $1 and tenant_id = $2 and command ->> $3 = $4 and state = 'scheduled' returning id)
        insert into audit (actor, action, tenant_id, origin, detail)
        select $5, '{AuditActions.ScheduleCancel}', $2, $7, jsonb_build_object('id', id, 'kind', $1::text, 'reason', $6::text) from cancelled
        """,
        kind, tenant.Value, field, value, actor, reason, AuditOrigin.Current);

    /// <summary>Cancels one command that belongs to no tenant, if it has not run yet, with its audit line.</summary>
    public static NpgsqlBatchCommand CancelCommand(Guid scheduled, string kind, string actor, string reason) => CommandLedger.Statement(
        $"""
        with cancelled as (
            update scheduled_commands set state = 'cancelled', ended_by = $3, end_reason = $4, ended_at = now(), next_try_at = null, claim = null
            where id = $1 and kind = $2 and state = 'scheduled' returning id)
        insert into audit (actor, action, origin, detail)
        select $3, '{AuditActions.ScheduleCancel}', $5, jsonb_build_object('id', id, 'kind', $2::text, 'reason', $4::text) from cancelled
        """,
        scheduled, kind, actor, reason, AuditOrigin.Current);

    /// <summary>Cancels all of a tenant's commands of these kinds that have not run yet, with their audit lines.</summary>
    public static NpgsqlBatchCommand CancelAllCommand(IReadOnlyCollection<string> kinds, TenantId tenant, string actor, string reason) => CommandLedger.Statement(
        $"""
        with cancelled as (
            update scheduled_commands set state = 'cancelled', ended_by = $3, end_reason = $4, ended_at = now(), next_try_at = null, claim = null
            where kind = any($1) and tenant_id = $2 and state = 'scheduled' returning id, kind)
        insert into audit (actor, action, tenant_id, origin, detail)
        select $3, '{AuditActions.ScheduleCancel}', $2, $5, jsonb_build_object('id', id, 'kind', kind, 'reason', $4::text) from cancelled
        """,
        kinds.ToArray(), tenant.Value, actor, reason, AuditOrigin.Current);

    /// <exception cref="PostgresException">23505: the caller has used the key before.</exception>
    public async Task AddAsync(ScheduledCommand command, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        // Without its own transaction commands, a batch is one transaction.
        await using var batch = new NpgsqlBatch(connection);
        foreach (var statement in AddCommands(command, key))
            batch.BatchCommands.Add(statement);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => clock.NowAsync(registry, cancellationToken);

    public async Task<ScheduledCommand?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"select {Columns} from scheduled_commands s where s.id = $1");
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Read(row) : null;
    }

    /// <summary>What the caller has scheduled with this key, and the hash of the request.</summary>
    public async Task<(ScheduledCommand Command, byte[] Hash)?> FindAsync(string caller, string key, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand($"select {Columns}, s.request_hash from scheduled_commands s where s.requested_by = $1 and s.request_key = $2");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = caller });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (Read(row), row.GetFieldValue<byte[]>(20)) : null;
    }

    /// <param name="filter">Conditions that must all hold.</param>
    /// <param name="after">A cursor of <see cref="Sort"/>; null for the newest.</param>
    /// <param name="limit">The size of the page.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<Page<ScheduledCommand>> ListAsync(ScheduleFilter filter, Cursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var query = new ListQuery(registry, $"select {Columns} from scheduled_commands s");
        if (filter.States is { } states)
            query.Where($"s.state = any({query.Add(states.Select(Name).ToArray())})");
        if (filter.Kind is { } kind)
            query.Where($"s.kind = {query.Add(kind)}");
        if (filter.TenantId is { } tenant)
            query.Where($"s.tenant_id = {query.Add(tenant.Value)}");
        query.OrderBy("s.created_at", "s.id", descending: true, after, ListQuery.TimeOf);
        return await query.ReadAsync(limit, Read, last => new(Sort, ListQuery.KeyOf(last.CreatedAt), last.Id), cancellationToken);
    }

    /// <summary>
    /// Takes commands that are due, the longest overdue first. One that nobody approved, or whose operation has not ended, is due only when it expires, to be refused. Each is due again after <paramref name="putOff"/>,
    /// in case the runner dies.
    /// </summary>
    public async Task<IReadOnlyList<TakenCommand>> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken)
    {
        await using var take = registry.CreateCommand(
            $"""
            update scheduled_commands s set next_try_at = now() + $3 + $2, claim = gen_random_uuid(), tries = s.tries + 1
            from (
                select id from scheduled_commands where next_try_at <= now() + $3 and state = 'scheduled'
                    and (expires_at <= now() + $3 or ((not needs_approval or approved_at is not null)
                        and not exists (select from operations o where o.id = after_operation and o.state not in ('completed', 'compensated', 'cancelled'))))
                order by next_try_at limit $1 for no key update skip locked) due
            where s.id = due.id
            returning {Columns}, s.claim, now()
            """);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = putOff });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var taken = new List<TakenCommand>();
        await using var rows = await take.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var command = Read(rows);
            var claim = new ScheduleClaim(command.Id, rows.GetGuid(20))
            {
                RequestedBy = command.RequestedBy, Approver = command.Approval?.By, FollowsOperation = command.FollowsOperation,
            };
            taken.Add(new(command, claim, rows.GetFieldValue<DateTimeOffset>(21) + clock.Offset));
        }

        return taken;
    }

    /// <summary>For the transaction that accepts the command: marks it as submitted, or fails with <see cref="ClaimLost"/>.</summary>
    public static NpgsqlBatchCommand SubmitCommand(ScheduleClaim claim, Guid operation, DateTimeOffset at) =>
        CommandLedger.Statement("select submit_scheduled($1, $2, $3, $4)", claim.Scheduled, claim.Token, operation, at);

    /// <summary>The SQLSTATE of a command that has ended meanwhile, or that another runner has taken.</summary>
    public const string ClaimLost = "SG010";

    /// <summary>Ends the command as refused, or tries it again later.</summary>
    /// <param name="claim">The runner's claim; without effect if it was lost.</param>
    /// <param name="refusal">Why it was not accepted.</param>
    /// <param name="again">When it is tried again; null when it is refused permanently.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async Task RefuseAsync(ScheduleClaim claim, OperationRejected refusal, TimeSpan? again, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand(
            """
            update scheduled_commands set
                refusal = $3::jsonb, claim = null, next_try_at = now() + $5 + $4,
                state = case when $4 is null then 'refused' else state end, ended_at = case when $4 is null then now() + $5 end
            where id = $1 and claim = $2
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = claim.Scheduled });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = claim.Token });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = JsonSerializer.Serialize(refusal, Json.Options) });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)again ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Interval });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Carries out a person's order with its audit line, in one transaction.</summary>
    /// <returns>What came of it; null when there is no such command.</returns>
    public async Task<ScheduleAnswer?> OrderAsync(Guid id, ScheduleOrder order, string actor, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        ScheduledCommand command;
        await using (var find = new NpgsqlCommand($"select {Columns} from scheduled_commands s where s.id = $1 for no key update", connection, transaction))
        {
            find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await using var row = await find.ExecuteReaderAsync(cancellationToken);
            if (!await row.ReadAsync(cancellationToken))
                return null;
            command = Read(row);
        }

        var answer = ScheduleRules.Check(command, order, actor);
        if (answer is not ScheduleAnswer.Done)
            return answer;
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(CommandLedger.Statement(
            order switch
            {
                ScheduleOrder.Approve => "update scheduled_commands set approved_by = $2, approval_reason = $3, approved_at = now() + $4, next_try_at = run_at where id = $1",
                ScheduleOrder.Run => "update scheduled_commands set run_at = least(run_at, now() + $4), next_try_at = now() + $4, claim = null where id = $1 and $2 <> '' and $3 <> ''",
                _ => $"update scheduled_commands set state = '{(order == ScheduleOrder.Cancel ? "cancelled" : "rejected")}', ended_by = $2, end_reason = $3, ended_at = now() + $4, next_try_at = null, claim = null where id = $1",
            },
            id, actor, reason, clock.Offset));
        batch.BatchCommands.Add(CommandLedger.Statement(
            "insert into audit (actor, action, tenant_id, detail, origin) values ($1, $2, $3, $4::jsonb, $5)",
            actor, AuditActions.OfOrder(order), Id(command.TenantId?.Value), JsonSerializer.Serialize(new { id, command.Kind, reason }, Json.Options), AuditOrigin.Current));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        // Not cancelled with the caller, because then it would be unknown whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
        return answer;
    }

    private static string Name(ScheduledState state) => state.ToString().ToLowerInvariant();

    private static NpgsqlParameter Id(Guid? id) => new() { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static ScheduledCommand Read(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Kind = row.GetString(1),
        TenantId = row.IsDBNull(2) ? null : new TenantId(row.GetGuid(2)),
        Command = JsonElement.Parse(row.GetString(3)),
        RunAt = row.GetFieldValue<DateTimeOffset>(4),
        ExpiresAt = row.GetFieldValue<DateTimeOffset>(5),
        State = Enum.Parse<ScheduledState>(row.GetString(6), ignoreCase: true),
        NeedsApproval = row.GetBoolean(7),
        RequestedBy = row.GetString(8),
        CreatedAt = row.GetFieldValue<DateTimeOffset>(9),
        Approval = row.IsDBNull(10) ? null : new(row.GetString(10), row.GetString(11), row.GetFieldValue<DateTimeOffset>(12)),
        Tries = row.GetInt32(13),
        OperationId = row.IsDBNull(14) ? null : row.GetGuid(14),
        Refusal = row.IsDBNull(15) ? null : JsonSerializer.Deserialize<OperationRejected>(row.GetString(15), Json.Options),
        EndedAt = row.IsDBNull(16) ? null : row.GetFieldValue<DateTimeOffset>(16),
        EndedBy = row.IsDBNull(17) ? null : row.GetString(17),
        EndReason = row.IsDBNull(18) ? null : row.GetString(18),
        AfterOperation = row.IsDBNull(19) ? null : row.GetGuid(19),
    };
}
