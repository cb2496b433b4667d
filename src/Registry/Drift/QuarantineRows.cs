using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Registry.Leases;
using Saga.Registry.Schedule;

namespace Saga.Registry.Drift;

/// <summary>What the steps of repairs write about quarantines. Each write may be repeated, and none goes back on what has ended.</summary>
public static class QuarantineRows
{
    /// <summary>The kind of the operations that remove what was in quarantine.</summary>
    public const string RemovalKind = "removeQuarantined";

    /// <summary>Records what is about to be quarantined, before anything is done to it.</summary>
    public static Task BeginAsync(LeasedTransaction transaction, QuarantinedThing thing, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        """
        insert into drift_quarantine (id, finding_id, operation_id, resource, server, name, renamed, owner, tenant_id, reason, was, state, begun_at)
        values (@Id, @Finding, @Operation, @Resource, @Server, @Name, @Renamed, @Owner, @Tenant, @Reason, @Was::jsonb, 'quarantining', @BegunAt)
        on conflict (operation_id, finding_id) do nothing
        """,
        new
        {
            thing.Id, thing.Finding, thing.Operation, thing.Key.Resource, thing.Key.Server, thing.Key.Name, thing.Renamed, thing.Owner, thing.Tenant, thing.Reason,
            Was = JsonSerializer.Serialize(thing.Was, Json.Options), BegunAt = thing.BegunAt.ToUniversalTime(),
        },
        cancellationToken);

    /// <summary>Records that a thing is renamed and barred, ends its finding, and schedules its removal.</summary>
    public static async Task QuarantinedAsync(LeasedTransaction transaction, QuarantinedThing thing, DateTimeOffset at, DateTimeOffset until, CancellationToken cancellationToken)
    {
        await SettleAsync(transaction, thing, [QuarantineState.Quarantining], thing.Operation, at, until, cancellationToken);
        await DriftFindingRows.RepairedAsync(transaction, thing.Finding, thing.Operation, at, cancellationToken);
    }

    /// <summary>Records that a thing was gone before it could be renamed and barred, and ends its finding.</summary>
    public static async Task VanishedAsync(LeasedTransaction transaction, QuarantinedThing thing, DateTimeOffset at, CancellationToken cancellationToken)
    {
        await EndAsync(transaction, thing, QuarantineState.Removed, null, thing.Operation, at, cancellationToken);
        await DriftFindingRows.GoneAsync(transaction, thing.Finding, at, cancellationToken);
    }

    /// <summary>
    /// Records that a thing in one of some states is in quarantine once more, because an operation that would have ended it is undone. Its removal is scheduled
    /// anew, and the former one is cancelled if it has not run.
    /// </summary>
    public static Task AgainAsync(
        LeasedTransaction transaction, QuarantinedThing thing, IReadOnlyCollection<QuarantineState> from, Guid operation, DateTimeOffset at, DateTimeOffset until, CancellationToken cancellationToken) =>
        SettleAsync(transaction, thing, from, operation, at, until, cancellationToken);

    private static async Task SettleAsync(
        LeasedTransaction transaction, QuarantinedThing thing, IReadOnlyCollection<QuarantineState> from, Guid operation, DateTimeOffset at, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var removal = Removal(thing.Id, operation, until, at) with { AfterOperation = operation };
        var former = await RemovalAsync(transaction, thing.Id, cancellationToken);
        var changed = await transaction.ExecuteAsync(
            """
            update drift_quarantine set state = 'quarantined', quarantined_at = coalesce(quarantined_at, @at), until = @until, removal = @Removal, ended_at = null
            where id = @Id and state = any(@From)
            """,
            new { thing.Id, at = at.ToUniversalTime(), until = until.ToUniversalTime(), Removal = removal.Id, From = from.Select(QuarantineStore.Name).ToArray() }, cancellationToken);
        if (changed == 0)
            return;
        if (former is { } scheduled)
            await ExecuteAsync(transaction, ScheduleStore.CancelCommand(scheduled, RemovalKind, $"operation:{operation:d}", "Its removal is scheduled anew."), cancellationToken);
        foreach (var statement in ScheduleStore.AddCommands(removal))
            await ExecuteAsync(transaction, statement, cancellationToken);
    }

    /// <summary>Changes the state of a quarantine that is in one of some others.</summary>
    /// <returns>Whether it was in one of them.</returns>
    public static async Task<bool> MoveAsync(LeasedTransaction transaction, Guid id, IReadOnlyCollection<QuarantineState> from, QuarantineState to, CancellationToken cancellationToken) =>
        await transaction.ExecuteAsync(
            "update drift_quarantine set state = @To where id = @id and state = any(@From)", new { id, To = QuarantineStore.Name(to), From = from.Select(QuarantineStore.Name).ToArray() }, cancellationToken) > 0;

    /// <summary>Ends a quarantine, and cancels its removal if that has not run.</summary>
    /// <param name="transaction">The step's transaction.</param>
    /// <param name="thing">The thing.</param>
    /// <param name="end">What has become of it.</param>
    /// <param name="words">Why, for one that is left where it is.</param>
    /// <param name="operation">The operation that ends it.</param>
    /// <param name="at">The registry's time.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static async Task EndAsync(
        LeasedTransaction transaction, QuarantinedThing thing, QuarantineState end, string? words, Guid operation, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var scheduled = await RemovalAsync(transaction, thing.Id, cancellationToken);
        await transaction.ExecuteAsync(
            "update drift_quarantine set state = @End, words = @words, ended_at = @at where id = @Id and ended_at is null",
            new { thing.Id, End = QuarantineStore.Name(end), words, at = at.ToUniversalTime() }, cancellationToken);
        if (scheduled is { } removal)
        {
            await ExecuteAsync(
                transaction, ScheduleStore.CancelCommand(removal, RemovalKind, $"operation:{operation:d}", "What it would remove has left its quarantine."), cancellationToken);
        }
    }

    /// <summary>Forgets quarantines that ended long ago.</summary>
    internal static Task PruneAsync(LeasedTransaction transaction, DateTimeOffset before, int most, CancellationToken cancellationToken) => transaction.ExecuteAsync(
        "delete from drift_quarantine where id in (select id from drift_quarantine where ended_at < @Before order by ended_at limit @most)",
        new { Before = before.ToUniversalTime(), most }, cancellationToken);

    /// <summary>The scheduled command that removes a thing.</summary>
    internal static ScheduledCommand Removal(Guid thing, Guid operation, DateTimeOffset until, DateTimeOffset at) =>
        ScheduledCommand.FollowUp(RemovalKind, null, new RemoveQuarantined { QuarantineId = thing }, operation, until, at);

    // A sweep may have scheduled another one since the thing was read, and waits meanwhile.
    private static async Task<Guid?> RemovalAsync(LeasedTransaction transaction, Guid thing, CancellationToken cancellationToken)
    {
        await using var ask = new NpgsqlCommand("select removal from drift_quarantine where id = $1 for no key update", transaction.Connection, transaction.Transaction);
        ask.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = thing });
        return await ask.ExecuteScalarAsync(cancellationToken) as Guid?;
    }

    private static async Task ExecuteAsync(LeasedTransaction transaction, NpgsqlBatchCommand statement, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction.Transaction);
        batch.BatchCommands.Add(statement);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
