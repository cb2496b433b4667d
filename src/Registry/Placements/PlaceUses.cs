using Dapper;
using Saga.Registry.Leases;
using Saga.Registry.Tenants;

namespace Saga.Registry.Placements;

/// <summary>
/// Which operations need the shared tables of a database as they are, and which one upgrades them. Any number of the former may run, and none of
/// them beside the latter. Both count until their operation ends, so nobody has to take them back.
/// An upgrade that waits lets in those that another upgrade waits for: two operations that each go where the other was would otherwise never end.
/// </summary>
public static class PlaceUses
{
    // Held until the end of the transaction, so that nobody begins to use a place between the look and the commit of who closes it.
    private const string Key = "hashtextextended('place:' || @Server || '/' || @Database, 4)";

    /// <summary>Begins to use the places, all of them or none. It may be repeated.</summary>
    /// <param name="transaction">The step's transaction, which nothing was written to before.</param>
    /// <param name="places">Databases whose tables several tenants share.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <returns>The operation that upgrades one of them, or is going to; null when they are used now.</returns>
    public static async Task<Guid?> BeginAsync(LeasedTransaction transaction, IEnumerable<Placement> places, Guid operation, CancellationToken cancellationToken)
    {
        // In one order everywhere.
        foreach (var place in places.OrderBy(p => p.Server, StringComparer.Ordinal).ThenBy(p => p.Database, StringComparer.Ordinal))
        {
            var parameters = new { place.Server, place.Database, operation };
            await transaction.ExecuteAsync($"select pg_advisory_xact_lock_shared({Key})", parameters, cancellationToken);
            var upgrade = await transaction.Connection.ExecuteScalarAsync<Guid?>(new CommandDefinition(
                """
                select u.operation_id from place_upgrades u join operations o on o.id = u.operation_id and o.finished_at is null
                where u.server = @Server and u.database = @Database
                    and not exists (select from place_uses p where p.server = @Server and p.database = @Database and p.operation_id = @operation)
                    and not (coalesce(u.waiting_id = u.operation_id, false) and exists (
                        select from place_uses p join place_upgrades v on v.server = p.server and v.database = p.database join operations w on w.id = v.operation_id and w.finished_at is null
                        where p.operation_id = @operation))
                """,
                parameters, transaction.Transaction, cancellationToken: cancellationToken));
            if (upgrade is not null)
                return upgrade;
            await transaction.ExecuteAsync("insert into place_uses (server, database, operation_id) values (@Server, @Database, @operation) on conflict do nothing", parameters, cancellationToken);
        }

        return null;
    }

    /// <summary>Lets nobody else begin to use the place until the operation ends. It may be repeated.</summary>
    /// <returns>The operations that still use it, the oldest first.</returns>
    public static async Task<IReadOnlyList<PlaceUser>> CloseAsync(LeasedTransaction transaction, Placement place, Guid operation, CancellationToken cancellationToken)
    {
        var parameters = new { place.Server, place.Database, operation };
        await transaction.ExecuteAsync($"select pg_advisory_xact_lock({Key})", parameters, cancellationToken);
        await transaction.ExecuteAsync(
            """
            insert into place_upgrades (server, database, operation_id) values (@Server, @Database, @operation)
            on conflict (server, database) do update set operation_id = excluded.operation_id;
            delete from place_uses p using operations o where p.server = @Server and p.database = @Database and o.id = p.operation_id and o.finished_at is not null
            """,
            parameters, cancellationToken);
        IReadOnlyList<PlaceUser> users = [.. await transaction.Connection.QueryAsync<PlaceUser>(new CommandDefinition(
            "select p.operation_id as OperationId, o.kind as Kind from place_uses p join operations o on o.id = p.operation_id where p.server = @Server and p.database = @Database order by o.created_at, o.id",
            parameters, transaction.Transaction, cancellationToken: cancellationToken))];
        // From the commit on, nobody comes any more to an upgrade that waits for nobody.
        await transaction.ExecuteAsync(
            "update place_upgrades set waiting_id = case when @Waits then operation_id end where server = @Server and database = @Database",
            new { place.Server, place.Database, Waits = users.Count > 0 }, cancellationToken);
        return users;
    }
}

/// <summary>An operation that needs a place as it is.</summary>
public sealed record PlaceUser(Guid OperationId, string Kind);
