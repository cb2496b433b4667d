using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Workers.Runtime;

/// <summary>The SQL of leases.</summary>
internal static class LeaseRows
{
    public static async Task<(LeaseReply Reply, Tenant? Tenant)> TakeAsync(
        NpgsqlConnection connection, StepLease lease, TenantId tenantId, TimeSpan span, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(
                    """
                    with taken as (
                        update step_leases set holder = $4, held_fence = $3, expires_at = now() + $5
                        where operation_id = $1 and step = $2 and fence = $3 and not settled and (holder is null or expires_at < now())
                        returning 1)
                    select exists (select from taken), fence <> $3 or settled, coalesce(expires_at - now(), interval '0')
                    from step_leases where operation_id = $1 and step = $2
                    """)
                {
                    Parameters =
                    {
                        new NpgsqlParameter { Value = lease.OperationId }, new NpgsqlParameter { Value = lease.Step },
                        new NpgsqlParameter { Value = lease.Fence }, new NpgsqlParameter { Value = lease.Holder }, new NpgsqlParameter { Value = span },
                    },
                },
                TenantStore.FindCommand(tenantId),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var reply = new LeaseReply(LeaseAnswer.Stale, TimeSpan.Zero);
        if (await reader.ReadAsync(cancellation))
        {
            var outcome = (Taken: reader.GetBoolean(0), Stale: reader.GetBoolean(1)) switch
            {
                { Taken: true } => LeaseAnswer.Taken,
                { Stale: true } => LeaseAnswer.Stale,
                _ => LeaseAnswer.Busy,
            };
            reply = new LeaseReply(outcome, reader.GetTimeSpan(2));
        }

        await reader.NextResultAsync(cancellation);
        return (reply, await reader.ReadAsync(cancellation) ? TenantStore.Read(reader) : null);
    }

    /// <returns>The holders whose lease was renewed.</returns>
    public static async Task<HashSet<Guid>> RenewAsync(
        NpgsqlConnection connection, IReadOnlyList<StepLease> leases, TimeSpan span, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            update step_leases l set expires_at = now() + $4
            from unnest($1, $2, $3) as v(operation, step, holder)
            where l.operation_id = v.operation and l.step = v.step and l.holder = v.holder and l.fence = l.held_fence and not l.settled
            returning l.holder
            """, connection);
        AddLeases(command, leases);
        command.Parameters.Add(new NpgsqlParameter { Value = span });
        var renewed = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            renewed.Add(reader.GetGuid(0));
        return renewed;
    }

    public static async Task ReleaseAsync(NpgsqlConnection connection, IReadOnlyList<StepLease> leases, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            update step_leases l set holder = null, expires_at = null
            from unnest($1, $2, $3) as v(operation, step, holder)
            where l.operation_id = v.operation and l.step = v.step and l.holder = v.holder
            """, connection);
        AddLeases(command, leases);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static void AddLeases(NpgsqlCommand command, IReadOnlyList<StepLease> leases)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = leases.Select(l => l.OperationId).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        command.Parameters.Add(new NpgsqlParameter { Value = leases.Select(l => l.Step).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = leases.Select(l => l.Holder).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
    }
}
