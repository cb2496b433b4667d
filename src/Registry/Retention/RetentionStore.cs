using Dapper;
using Npgsql;

namespace Saga.Registry.Retention;

/// <summary>
/// Deletes old rows in small batches, by the registry's clock. Any number may run at once, because each skips rows that another has
/// locked. Thread-safe.
/// </summary>
public sealed class RetentionStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>
    /// Deletes the steps of operations that ended longer ago than the age, and their history, which is also the inbox, except for its last
    /// line. The operations stay, with the status of each step. Messages for them are still ignored, because they have ended.
    /// </summary>
    /// <returns>The number of operations.</returns>
    public Task<int> PruneOperationsAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        with old as (
            select id from operations where finished_at < now() + @offset - @age and step_outcomes is null
            order by finished_at limit @limit for no key update skip locked),
        lines as (
            delete from operation_history h using old
            where h.operation_id = old.id and h.id < (select max(n.id) from operation_history n where n.operation_id = old.id)),
        outcomes as (
            select s.operation_id, jsonb_object_agg(s.step, s.status) as statuses from operation_steps s join old on old.id = s.operation_id group by s.operation_id),
        steps as (delete from operation_steps s using old where s.operation_id = old.id),
        uses as (delete from place_uses u using old where u.operation_id = old.id)
        update operations o set step_outcomes = coalesce(c.statuses, '{}') from old left join outcomes c on c.operation_id = old.id where o.id = old.id
        """,
        age, limit, cancellationToken);

    /// <summary>Deletes idempotency keys older than the age whose operations have ended. Afterwards the same command with the same key is a new one.</summary>
    /// <returns>The number of keys.</returns>
    public Task<int> PruneIdempotencyKeysAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        delete from idempotency_keys where (caller, key) in (
            select k.caller, k.key from idempotency_keys k
            where k.created_at < now() + @offset - @age and exists (select from operations o where o.id = k.operation_id and o.finished_at is not null)
            order by k.created_at limit @limit for update skip locked)
        """,
        age, limit, cancellationToken);

    /// <summary>Deletes messages that could not be sent for longer than the age, because their queue does not exist or no running version can read them.</summary>
    /// <returns>The number of messages.</returns>
    public Task<int> PruneOutboxAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        delete from outbox where message_id in (
            select message_id from outbox where created_at < now() + @offset - @age order by message_id limit @limit for update skip locked)
        """,
        age, limit, cancellationToken);

    /// <summary>Deletes dead letters that have waited for an operator longer than the age since their last arrival.</summary>
    /// <returns>The number of dead letters.</returns>
    public Task<int> PruneDeadLettersAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        delete from dead_letters where id in (
            select id from dead_letters where returned_at is null and last_at < now() + @offset - @age order by last_at limit @limit for update skip locked)
        """,
        age, limit, cancellationToken);

    /// <summary>Deletes dead letters that were returned to their queues longer ago than the age and have not come back.</summary>
    /// <returns>How many dead letters.</returns>
    public Task<int> PruneReturnedDeadLettersAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        delete from dead_letters where id in (
            select id from dead_letters where returned_at < now() + @offset - @age order by returned_at limit @limit for update skip locked)
        """,
        age, limit, cancellationToken);

    /// <summary>Deletes scheduled commands that ended longer ago than the age. Their operations and their audit lines stay.</summary>
    /// <returns>The number of scheduled commands.</returns>
    public Task<int> PruneScheduledAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        delete from scheduled_commands where id in (
            select id from scheduled_commands where ended_at < now() + @offset - @age order by ended_at limit @limit for update skip locked)
        """,
        age, limit, cancellationToken);

    /// <summary>
    /// Deletes batches that ended longer ago than the age, with their items, and those that were prepared and not run in time. Operations and audit lines stay.
    /// </summary>
    /// <returns>The number of batches.</returns>
    public Task<int> PruneBatchesAsync(TimeSpan age, int limit, CancellationToken cancellationToken) => ExecuteAsync(
        """
        delete from batches where id in (
            select id from batches
            where (ended_at < now() + @offset - @age and (closed or operation_id is null)) or (state = 'prepared' and expires_at <= now() + @offset)
            limit @limit for update skip locked)
        """,
        age, limit, cancellationToken);

    private async Task<int> ExecuteAsync(string sql, TimeSpan age, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, new { age, limit, offset = clock.Offset }, cancellationToken: cancellationToken));
    }
}
