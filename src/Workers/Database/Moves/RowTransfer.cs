using Saga.Contracts.Identifiers;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Moves;

/// <summary>
/// Copies a tenant's rows to another place in one transaction. A second run begins again with an empty place, so a killed one leaves
/// nothing. Thread-safe.
/// </summary>
internal sealed class RowTransfer(DatabaseServers servers, FencedSessions fenced)
{
    private const int ReportBytes = 1024 * 1024;

    /// <returns>How many tables and bytes were copied.</returns>
    public async Task<TransferredRows> RunAsync(StepContext context, TenantPlacement from, TenantPlacement to, CancellationToken cancellationToken)
    {
        await using var target = await fenced.OpenAsync(context, to.Place.Server, to.Place.Database, cancellationToken);
        // Both within the server's budget, and neither the one that is reserved for short work: a copy may take hours.
        await using var source = await servers.OpenAsync(from.Place.Server, from.Place.Database, cancellationToken);
        var tables = await MovedTables.ListAsync(source, from, cancellationToken);
        MovedTables.RequireSame(tables, await MovedTables.ListAsync(target, to, cancellationToken));
        await using var reading = await MoveSession.BeginAsync(source, isReader: true, cancellationToken);
        return await CopyAsync(context, reading, from.Place.Schema, target, to, tables, cancellationToken);
    }

    /// <summary>The same from a database that is no tenant's, in which nothing is written.</summary>
    /// <param name="context">The step.</param>
    /// <param name="from">Where the rows are.</param>
    /// <param name="to">The tenant's place.</param>
    /// <param name="list">Lists the tables, given a session in the source and one in the place.</param>
    /// <param name="cancellationToken">Ends the copy; nothing of it is left.</param>
    public async Task<TransferredRows> RunAsync(
        StepContext context, Placement from, TenantPlacement to, Func<MoveSession, ServerSession, Task<IReadOnlyList<MovedTable>>> list, CancellationToken cancellationToken)
    {
        await using var target = await fenced.OpenAsync(context, to.Place.Server, to.Place.Database, cancellationToken);
        await using var source = await servers.OpenAsync(from.Server, from.Database, cancellationToken);
        // From here on everything that is read is of one moment, the definitions too.
        await using var reading = await MoveSession.BeginSourceAsync(source, cancellationToken);
        return await CopyAsync(context, reading, from.Schema, target, to, await list(reading, target), cancellationToken);
    }

    private static async Task<TransferredRows> CopyAsync(
        StepContext context, MoveSession reading, string fromSchema, ServerSession target, TenantPlacement to, IReadOnlyList<MovedTable> tables, CancellationToken cancellationToken)
    {
        var tenant = context.TenantId.Value;
        await using var writing = await MoveSession.BeginAsync(target, isReader: false, cancellationToken);
        // Neither triggers nor foreign keys: the rows are those of the former place, and the keys are checked at the end.
        await writing.ExecuteAsync("set local session_replication_role = replica", cancellationToken);
        var (bytes, reported) = (0L, 0L);
        foreach (var table in tables)
        {
            await writing.ExecuteAsync($"delete from {Sql.Name(to.Place.Schema)}.{Sql.Name(table.Name)} where tenant_id = @tenant", cancellationToken, new { tenant });
            await RowCopy.RunAsync(reading, fromSchema, writing, to.Place.Schema, table, tenant, Copied, cancellationToken);

            void Copied(int read)
            {
                bytes += read;
                if (bytes - reported < ReportBytes)
                    return;
                reported = bytes;
                context.Report(bytes, unit: "bytes", words: $"copying {table.Name}");
            }
        }

        await writing.ExecuteAsync("set local session_replication_role = origin", cancellationToken);
        // Shared tables have no statistics of tenants' values, and must not get any.
        if (to.Tier != IsolationTier.Row)
        {
            foreach (var table in tables)
                await writing.ExecuteAsync($"analyze {Sql.Name(to.Place.Schema)}.{Sql.Name(table.Name)}", cancellationToken);
        }

        await ForeignKeys.RequireAsync(writing, to.Place.Schema, tenant, cancellationToken);
        // Last, because other tenants of shared tables wait for a locked sequence until the commit.
        await Sequences.AdvanceAsync(reading, fromSchema, writing, to.Place.Schema, tenant, to.Tier == IsolationTier.Row, cancellationToken);
        await writing.CommitAsync(cancellationToken);
        return new(tables.Count, bytes);
    }
}

/// <param name="Tables">How many tables.</param>
/// <param name="Bytes">How many bytes of rows.</param>
internal sealed record TransferredRows(int Tables, long Bytes);
