using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Registry.Tenants;
using Saga.Registry.Transitions;

namespace Saga.Registry.Leases;

/// <summary>
/// The SQL of leases. A statement that waits for several rows locks them in the order of operation and step, as a commit does:
/// another order would be a deadlock.
/// </summary>
internal static class LeaseRows
{
    // An attempt that was given up stops by itself, and gives its lease back: the next one need not wait for the lease's end.
    private static readonly TimeSpan OlderEnds = TimeSpan.FromSeconds(2);

    public static async Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(
        NpgsqlConnection connection, StepLease lease, TenantId? tenantId, TimeSpan span, TimeSpan offset, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    """
                    with taken as (
                        update operation_steps set holder = $4, held_fence = $3, expires_at = now() + $7 + $5
                        where operation_id = $1 and step = $2 and fence = $3 and not settled and (holder is null or expires_at < now() + $7)
                        returning 1)
                    select exists (select from taken), fence <> $3 or settled,
                        coalesce(least(expires_at - (now() + $7), case when held_fence < $3 then $6 end), interval '0')
                    from operation_steps where operation_id = $1 and step = $2
                    """)
                {
                    Parameters =
                    {
                        new NpgsqlParameter { Value = lease.OperationId }, new NpgsqlParameter { Value = lease.Step },
                        new NpgsqlParameter { Value = lease.Fence }, new NpgsqlParameter { Value = lease.Holder }, new NpgsqlParameter { Value = span },
                        new NpgsqlParameter { Value = OlderEnds }, new NpgsqlParameter { Value = offset },
                    },
                },
                TenantStore.FindCommand(tenantId is { } id ? [id] : []),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var reply = new LeaseReply(LeaseAnswer.Stale, TimeSpan.Zero);
        if (await reader.ReadAsync(cancellationToken))
            reply = Reply(reader, 0);
        await reader.NextResultAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return (reply, null);
        try
        {
            return (reply, TenantStore.Read(reader));
        }
        catch (Exception error) when (UnreadableRows.Is(error))
        {
            throw new UnreadableTenantException(error.Message);
        }
    }

    /// <summary>
    /// The same for several leases of different steps, in one transaction. A row that another transaction has locked is
    /// left out of the answer, so that this one never waits while it holds locks, and no deadlock can come of it.
    /// </summary>
    public static async Task<TakenLeases> TakeAsync(
        NpgsqlConnection connection, IReadOnlyList<StepLease> leases, IReadOnlyList<TenantId> tenantIds, TimeSpan span, TimeSpan offset, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    """
                    with found as (
                        select l.operation_id, l.step, l.settled, l.fence, l.holder, l.held_fence, l.expires_at, v.fence as wanted_fence, v.holder as wanted
                        from unnest($1, $2, $3, $4) as v(operation, step, fence, holder)
                        join operation_steps l on l.operation_id = v.operation and l.step = v.step
                        for no key update of l skip locked),
                    taken as (
                        update operation_steps l set holder = f.wanted, held_fence = f.wanted_fence, expires_at = now() + $7 + $5
                        from found f
                        where l.operation_id = f.operation_id and l.step = f.step
                            and f.fence = f.wanted_fence and not f.settled and (f.holder is null or f.expires_at < now() + $7)
                        returning l.holder)
                    select f.wanted, t.holder is not null, f.fence <> f.wanted_fence or f.settled,
                        coalesce(least(f.expires_at - (now() + $7), case when f.held_fence < f.wanted_fence then $6 end), interval '0')
                    from found f left join taken t on t.holder = f.wanted
                    """)
                {
                    Parameters =
                    {
                        Parameter.Array(leases, l => l.OperationId, NpgsqlDbType.Uuid),
                        Parameter.Array(leases, l => l.Step, NpgsqlDbType.Text),
                        Parameter.Array(leases, l => l.Fence, NpgsqlDbType.Bigint),
                        Parameter.Array(leases, l => l.Holder, NpgsqlDbType.Uuid),
                        new NpgsqlParameter { Value = span },
                        new NpgsqlParameter { Value = OlderEnds },
                        new NpgsqlParameter { Value = offset },
                    },
                },
                TenantStore.FindCommand(tenantIds),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var replies = new Dictionary<Guid, LeaseReply>();
        while (await reader.ReadAsync(cancellationToken))
            replies[reader.GetGuid(0)] = Reply(reader, 1);
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

    /// <returns>The holders whose lease was renewed.</returns>
    public static async Task<HashSet<Guid>> RenewAsync(
        NpgsqlConnection connection, IReadOnlyList<StepLease> leases, TimeSpan span, TimeSpan offset, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            with held as (
                select l.operation_id, l.step, l.holder
                from unnest($1, $2, $3) as v(operation, step, holder)
                join operation_steps l on l.operation_id = v.operation and l.step = v.step
                where l.holder = v.holder and l.fence = l.held_fence and not l.settled
                order by l.operation_id, l.step for no key update of l)
            update operation_steps l set expires_at = now() + $5 + $4
            from held h where l.operation_id = h.operation_id and l.step = h.step
            returning l.holder
            """, connection);
        AddLeases(command, leases);
        command.Parameters.Add(new NpgsqlParameter { Value = span });
        command.Parameters.Add(new NpgsqlParameter { Value = offset });
        var renewed = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            renewed.Add(reader.GetGuid(0));
        return renewed;
    }

    public static async Task ReleaseAsync(NpgsqlConnection connection, IReadOnlyList<StepLease> leases, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            with held as (
                select l.operation_id, l.step
                from unnest($1, $2, $3) as v(operation, step, holder)
                join operation_steps l on l.operation_id = v.operation and l.step = v.step
                where l.holder = v.holder
                order by l.operation_id, l.step for no key update of l)
            update operation_steps l set holder = null, expires_at = null
            from held h where l.operation_id = h.operation_id and l.step = h.step
            """, connection);
        AddLeases(command, leases);
        await command.ExecuteNonQueryAsync(cancellationToken);
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

    private static void AddLeases(NpgsqlCommand command, IReadOnlyList<StepLease> leases)
    {
        command.Parameters.Add(Parameter.Array(leases, l => l.OperationId, NpgsqlDbType.Uuid));
        command.Parameters.Add(Parameter.Array(leases, l => l.Step, NpgsqlDbType.Text));
        command.Parameters.Add(Parameter.Array(leases, l => l.Holder, NpgsqlDbType.Uuid));
    }

    private static LeaseReply Reply(NpgsqlDataReader row, int first) => new(
        (Taken: row.GetBoolean(first), Stale: row.GetBoolean(first + 1)) switch
        {
            { Taken: true } => LeaseAnswer.Taken,
            { Stale: true } => LeaseAnswer.Stale,
            _ => LeaseAnswer.Busy,
        },
        row.GetTimeSpan(first + 2));
}
