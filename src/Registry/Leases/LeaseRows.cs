using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Registry.Operations;
using Saga.Registry.Tenants;
using Saga.Registry.Transitions;

namespace Saga.Registry.Leases;

/// <summary>
/// The SQL of leases. A statement that waits for several rows locks them in the order of operation and step, like a commit. Any other
/// order could deadlock.
/// </summary>
internal static class LeaseRows
{
    // An abandoned attempt stops by itself and releases its lease, so the next one need not wait for the lease's end.
    private static readonly TimeSpan OlderEnds = TimeSpan.FromSeconds(2);

    // How long a sent report may still be on its way after it had to wait for the broker.
    public static readonly TimeSpan Backlog = TimeSpan.FromMinutes(1);

    // In the order of the statement's numbers.
    private static readonly LeaseAnswer[] Answers = [LeaseAnswer.Taken, LeaseAnswer.Stale, LeaseAnswer.Duplicate, LeaseAnswer.Late, LeaseAnswer.Busy];

    /// <summary>
    /// Takes leases of different steps in one transaction. With <paramref name="skipsLocked"/>, the result omits rows that another
    /// transaction has locked, so that this one never waits while it holds locks and cannot deadlock.
    /// </summary>
    public static async Task<TakenLeases> TakeAsync(
        NpgsqlConnection connection, IReadOnlyList<LeaseRequest> requests, IReadOnlyList<TenantId> tenantIds, TimeSpan span, TimeSpan offset, bool skipsLocked,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    $"""
                    with found as (
                        select l.operation_id, l.step, l.settled, l.fence, l.holder, l.held_fence, l.expires_at, l.taken_at, l.deliveries, l.checkpoint,
                            v.fence as wanted_fence, v.holder as wanted, v.deadline > (now() + $9) as in_time,
                            coalesce(v.timeout, least(v.deadline, (now() + $9) + interval '1 day') - (now() + $9)) as lasts
                        from unnest($1, $2, $3, $4, $7, $8) as v(operation, step, fence, holder, timeout, deadline)
                        join operation_steps l on l.operation_id = v.operation and l.step = v.step
                        for no key update of l {(skipsLocked ? "skip locked" : "")}),
                    taken as (
                        update operation_steps l set
                            holder = f.wanted, held_fence = f.wanted_fence, taken_at = (now() + $9), attempt_ends_at = (now() + $9) + f.lasts,
                            expires_at = (now() + $9) + $5, lost_at = (now() + $9) + 2 * $5,
                            -- The orchestrator checks soon after the first delivery, but long after later ones.
                            watched_until = case when f.deliveries > 1 then (now() + $9) + least(2 * $5, f.lasts) end
                        from found f
                        where l.operation_id = f.operation_id and l.step = f.step and f.fence = f.wanted_fence and not f.settled
                            and f.taken_at is null and f.in_time and (f.holder is null or f.expires_at < (now() + $9))
                        returning l.holder)
                    select f.wanted,
                        case when t.holder is not null then 0 when f.fence <> f.wanted_fence or f.settled then 1
                             when f.taken_at is not null then 2 when not f.in_time then 3 else 4 end,
                        case when t.holder is not null then f.lasts
                             else coalesce(least(f.expires_at - (now() + $9), case when f.held_fence < f.wanted_fence then $6 end), interval '0') end,
                        case when t.holder is not null then f.checkpoint end
                    from found f left join taken t on t.holder = f.wanted
                    """)
                {
                    Parameters =
                    {
                        Parameter.Array(requests, r => r.Lease.OperationId, NpgsqlDbType.Uuid),
                        Parameter.Array(requests, r => r.Lease.Step, NpgsqlDbType.Text),
                        Parameter.Array(requests, r => r.Lease.Fence, NpgsqlDbType.Bigint),
                        Parameter.Array(requests, r => r.Lease.Holder, NpgsqlDbType.Uuid),
                        new NpgsqlParameter { Value = span },
                        new NpgsqlParameter { Value = OlderEnds },
                        Parameter.Array(requests, r => r.AttemptTimeout, NpgsqlDbType.Interval),
                        Parameter.Array(requests, r => r.Deadline, NpgsqlDbType.TimestampTz),
                        new NpgsqlParameter { Value = offset },
                    },
                },
                TenantStore.FindCommand(tenantIds),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var replies = new Dictionary<Guid, LeaseReply>();
        while (await reader.ReadAsync(cancellationToken))
            replies[reader.GetGuid(0)] = new LeaseReply(Answers[reader.GetInt32(1)], reader.GetTimeSpan(2)) { Checkpoint = reader.IsDBNull(3) ? null : reader.GetString(3) };
        await reader.NextResultAsync(cancellationToken);
        var tenants = new Dictionary<TenantId, Tenant>();
        var unreadable = new Dictionary<TenantId, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            try
            {
                var tenant = TenantStore.Read(reader);
                tenants[tenant.Id] = tenant;
            }
            catch (Exception error) when (UnreadableRows.Is(error))
            {
                unreadable[new TenantId(reader.GetGuid(0))] = error.Message;
            }
        }

        return new TakenLeases(replies, tenants) { Unreadable = unreadable };
    }

    /// <summary>
    /// Renews leases. A row that another transaction has locked does not delay the others: it is left out and reported as locked. With
    /// <paramref name="patience"/>, the statement waits that long for locked rows. Those in <paramref name="reporting"/> wait for the
    /// broker with their report, so their attempt's time does not end them. Progress is written with the renewal, and moves the end of an
    /// attempt that ends without progress.
    /// </summary>
    public static async Task<RenewedLeases> RenewAsync(
        NpgsqlConnection connection, IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> reporting, IReadOnlyDictionary<StepLease, LeaseProgress>? progress, TimeSpan span,
        TimeSpan patience, TimeSpan offset, CancellationToken cancellationToken)
    {
        var waits = patience > TimeSpan.Zero;
        var renew = new NpgsqlBatchCommand(
            $"""
            with held as (
                select l.operation_id, l.step, v.reporting, v.progress, v.checkpoint,
                    case when v.progress is not null and v.stall is not null then now() + $5 + v.stall else l.attempt_ends_at end as ends
                from unnest($1, $2, $3, $6, $7, $8, $9) as v(operation, step, holder, reporting, progress, checkpoint, stall)
                join operation_steps l on l.operation_id = v.operation and l.step = v.step
                where l.holder = v.holder and l.fence = l.held_fence and not l.settled
                order by l.operation_id, l.step for no key update of l {(waits ? "" : "skip locked")}),
            renewed as (
                update operation_steps l set
                    expires_at = now() + $5 + $4, lost_at = now() + $5 + 2 * $4,
                    watched_until = case when l.status in ({StepStatusSql.Dispatched}) then
                        case when h.reporting then now() + $5 + 2 * $4 else least(now() + $5 + 2 * $4, h.ends) end end,
                    attempt_ends_at = h.ends,
                    progress = coalesce(h.progress::jsonb, l.progress), progressed_at = case when h.progress is not null then now() + $5 else l.progressed_at end,
                    checkpoint = coalesce(h.checkpoint::jsonb, l.checkpoint),
                    report_until = case when h.reporting then now() + $5 + 2 * $4 else l.report_until end
                from held h where l.operation_id = h.operation_id and l.step = h.step
                returning l.operation_id, l.step)
            select v.holder, (v.operation, v.step) in (select operation_id, step from renewed)
            from unnest($1, $2, $3) as v(operation, step, holder)
            join operation_steps l on l.operation_id = v.operation and l.step = v.step
            where l.holder = v.holder and l.fence = l.held_fence and not l.settled
            """);
        AddLeases(renew.Parameters, leases);
        renew.Parameters.Add(new NpgsqlParameter { Value = span });
        renew.Parameters.Add(new NpgsqlParameter { Value = offset });
        renew.Parameters.Add(Parameter.Array(leases, reporting.Contains, NpgsqlDbType.Boolean));
        renew.Parameters.Add(Parameter.Array(leases, l => Parameter.Json(progress?.GetValueOrDefault(l)?.Progress), NpgsqlDbType.Text));
        renew.Parameters.Add(Parameter.Array(leases, l => progress?.GetValueOrDefault(l)?.Checkpoint, NpgsqlDbType.Text));
        renew.Parameters.Add(Parameter.Array(leases, l => progress?.GetValueOrDefault(l)?.StallAfter, NpgsqlDbType.Interval));
        await using var batch = new NpgsqlBatch(connection);
        if (waits)
            batch.BatchCommands.Add(LockTimeout(patience));
        batch.BatchCommands.Add(renew);
        var (renewed, locked) = (new HashSet<Guid>(), new HashSet<Guid>());
        try
        {
            await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
            if (waits)
                await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                (reader.GetBoolean(1) ? renewed : locked).Add(reader.GetGuid(0));
        }
        catch (PostgresException error) when (waits && error.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return new RenewedLeases(new HashSet<Guid>(), leases.Select(l => l.Holder).ToHashSet());
        }

        return new RenewedLeases(renewed, locked);
    }

    /// <param name="connection">The connection.</param>
    /// <param name="leases">The leases to release.</param>
    /// <param name="unreported">
    /// Those whose dispatch has no report and will get none: it counts as not taken, and is due to be sent again at once.
    /// </param>
    /// <param name="offset">The clock's offset.</param>
    /// <param name="cancellationToken">Cancels the release.</param>
    /// <returns>The holders whose row another transaction has locked; their leases remain.</returns>
    public static async Task<HashSet<Guid>> ReleaseAsync(
        NpgsqlConnection connection, IReadOnlyList<StepLease> leases, IReadOnlySet<StepLease> unreported, TimeSpan offset, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            with held as (
                select l.operation_id, l.step, v.unreported and l.fence = l.held_fence and not l.settled as given_back
                from unnest($1, $2, $3, $4) as v(operation, step, holder, unreported)
                join operation_steps l on l.operation_id = v.operation and l.step = v.step
                where l.holder = v.holder
                order by l.operation_id, l.step for no key update of l skip locked),
            released as (
                update operation_steps l set
                    holder = null, expires_at = null, lost_at = null,
                    taken_at = case when not h.given_back then l.taken_at end, progressed_at = case when not h.given_back then l.progressed_at end,
                    -- A report that waited for the broker is behind many others now.
                    report_until = case when l.report_until is not null and not h.given_back then greatest(l.report_until, now() + $5 + $6) end,
                    due_at = case when h.given_back then now() + $5 else l.due_at end,
                    watched_until = case when h.given_back then now() + $5 end
                from held h where l.operation_id = h.operation_id and l.step = h.step
                returning l.operation_id, l.step)
            select v.holder
            from unnest($1, $2, $3) as v(operation, step, holder)
            join operation_steps l on l.operation_id = v.operation and l.step = v.step
            where l.holder = v.holder and not (v.operation, v.step) in (select operation_id, step from released)
            """, connection);
        AddLeases(command.Parameters, leases);
        command.Parameters.Add(Parameter.Array(leases, unreported.Contains, NpgsqlDbType.Boolean));
        command.Parameters.Add(new NpgsqlParameter { Value = offset });
        command.Parameters.Add(new NpgsqlParameter { Value = Backlog });
        var locked = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            locked.Add(reader.GetGuid(0));
        return locked;
    }

    public static async Task<bool> HoldsAsync(NpgsqlConnection connection, StepLease lease, TimeSpan offset, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select exists (
                select from operation_steps
                where operation_id = $1 and step = $2 and fence = $3 and holder = $4 and not settled and expires_at >= now() + $5)
            """, connection)
        {
            Parameters =
            {
                new NpgsqlParameter { Value = lease.OperationId }, new NpgsqlParameter { Value = lease.Step }, new NpgsqlParameter { Value = lease.Fence },
                new NpgsqlParameter { Value = lease.Holder }, new NpgsqlParameter { Value = offset },
            },
        };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static void AddLeases(NpgsqlParameterCollection parameters, IReadOnlyList<StepLease> leases)
    {
        parameters.Add(Parameter.Array(leases, l => l.OperationId, NpgsqlDbType.Uuid));
        parameters.Add(Parameter.Array(leases, l => l.Step, NpgsqlDbType.Text));
        parameters.Add(Parameter.Array(leases, l => l.Holder, NpgsqlDbType.Uuid));
    }

    // Applies to the rest of its batch, which is one transaction.
    private static NpgsqlBatchCommand LockTimeout(TimeSpan patience) => new("select set_config('lock_timeout', $1, true)")
    {
        Parameters = { new NpgsqlParameter { Value = string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, patience.TotalMilliseconds):0}") } },
    };
}
