using Npgsql;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Removal;

/// <summary>
/// Deletes a tenant's rows of shared tables in small transactions, so that much data neither exceeds a time limit nor keeps other tenants
/// waiting. What foreign keys keep from being deleted in parts is left to the one statement of <see cref="RowTier"/>. Thread-safe.
/// </summary>
internal sealed class RowRemoval(FencedSessions fenced, DatabaseServers servers)
{
    private const int Batch = 10_000;

    /// <param name="context">The step.</param>
    /// <param name="place">The place.</param>
    /// <param name="removing">Called with the number of rows that were deleted so far.</param>
    /// <param name="cancellationToken">Cancels the statements; what was deleted is gone.</param>
    public async Task RemoveAsync(StepContext context, TenantSchema place, Action<long> removing, CancellationToken cancellationToken)
    {
        // Nobody may write any more: the rows of a table that is done would come back.
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
            await TenantRoles.CloseAsync(session, place.Login, cancellationToken);
        if (!await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
            return;
        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            if (!await Mover.IsAvailableAsync(session, cancellationToken))
                return;
            var left = (await ProductTables.LeavesOfTenantsAsync(session, place.Schema, cancellationToken)).ToList();
            // Tables that others still refer to are tried again after those.
            var (deleted, before) = (0L, -1);
            while (left.Count > 0 && left.Count != before)
            {
                before = left.Count;
                var waiting = new List<string>();
                foreach (var table in left)
                {
                    if (!await EmptyAsync(session, table, context, count => removing(deleted += count), cancellationToken))
                        waiting.Add(table);
                }

                left = waiting;
            }
        }
    }

    // Partitions are emptied one by one, because a row's address says nothing without its partition.
    private static async Task<bool> EmptyAsync(ServerSession session, string table, StepContext context, Action<long> deleted, CancellationToken cancellationToken)
    {
        var tenant = Sql.Text(context.TenantId.ToString());
        try
        {
            while (await Mover.ScalarAsync<long>(
                session,
                FormattableString.Invariant($"""
                    with gone as (
                        delete from {table} where tenant_id = {tenant} and ctid = any(array(select ctid from {table} where tenant_id = {tenant} limit {Batch})) returning 1)
                    select count(*) from gone
                    """),
                cancellationToken) is > 0 and var count)
            {
                deleted(count);
            }

            return true;
        }
        catch (StepFailureException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.RestrictViolation })
        {
            return false;
        }
    }
}
