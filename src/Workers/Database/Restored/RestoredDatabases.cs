using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Backups;
using Saga.Registry.Drift;
using Saga.Registry.Leases;
using Saga.Workers.Database.Inventory;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Restored;

/// <summary>Creates and drops the databases of restores. Both may run again after a crash at any line. Thread-safe.</summary>
internal sealed class RestoredDatabases(RestoredStore store, DatabaseServers servers, FencedSessions fenced, LeasedTransactions leases, Installation installation)
{
    private const string Owner = $"select case when rolsuper then rolname else '{PreparedNames.Mover}' end from pg_roles where rolname = current_user";

    public async Task CreateAsync(StepContext context, string server, string database, CancellationToken cancellationToken)
    {
        await using (var session = await fenced.OpenAsync(context, server, DatabaseServers.Maintenance, cancellationToken))
        {
            var empty = await ServerLacks.EmptyDatabaseAsync(session, cancellationToken);
            if (!await session.HasDatabaseAsync(database, cancellationToken))
                await session.ExecuteAsync($"create database {Sql.Name(database)} template {empty} encoding 'UTF8' connection limit 0", cancellationToken);
            // The limit keeps every login out until PUBLIC may not connect.
            await session.ExecuteAsync(
                $"""
                {InstallationMark.OnDatabase(database, await installation.IdAsync(cancellationToken))}
                revoke all on database {Sql.Name(database)} from public;
                alter database {Sql.Name(database)} connection limit -1;
                """,
                cancellationToken);
        }

        await using var inside = await fenced.OpenAsync(context, server, database, cancellationToken);
        await PlaceSchema.EnsureAsync(inside, cancellationToken);
        // The mover owns what is restored, because no policy stops it.
        await inside.ExecuteAsync($"grant create on database {Sql.Name(database)} to {Sql.Name((await inside.ScalarAsync<string>(Owner, cancellationToken))!)}", cancellationToken);
    }

    /// <summary>Drops the database that the operation has made. Does nothing if there is none.</summary>
    public async Task DropAsync(StepContext context, Guid operation, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(context.TenantId, operation, cancellationToken) is not { } restored)
            return;
        await DropAsync(context, restored, cancellationToken);
        // Last, so that nothing is forgotten that may still exist.
        await using var transaction = await leases.BeginAsync(context.Lease, cancellationToken);
        await RestoredStore.RemoveAsync(transaction, operation, cancellationToken);
        await transaction.CommitAsync([RestoredStore.CancelRemovalCommand(context.TenantId, operation, context.OperationId)], cancellationToken);
    }

    /// <summary>Drops the database, and leaves what the registry knows of it.</summary>
    public async Task DropAsync(StepContext context, RestoredDatabase restored, CancellationToken cancellationToken)
    {
        await using var session = await fenced.OpenAsync(context, restored.Server, DatabaseServers.Maintenance, cancellationToken);
        await session.DropDatabaseAsync(restored.Database, cancellationToken);
        // What a killed trial left. Nobody makes it without the database.
        await TenantRoles.DropAsync(session, RestoredTrial.LoginOf(restored), cancellationToken);
    }

    /// <summary>The databases that restores have made for the tenant.</summary>
    public Task<IReadOnlyList<RestoredDatabase>> ListAsync(TenantId tenant, CancellationToken cancellationToken) => store.ListAsync(tenant, cancellationToken);

    /// <summary>The size of a database; null when it does not exist.</summary>
    public async Task<long?> SizeAsync(RestoredDatabase restored, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(restored.Server, DatabaseServers.Maintenance, cancellationToken);
        return await session.ScalarAsync<long?>("select pg_database_size(oid) from pg_database where datname = @Database", cancellationToken, new { restored.Database });
    }

    /// <summary>The database that the operation has made.</summary>
    /// <exception cref="StepFailureException">There is none.</exception>
    public async Task<RestoredDatabase> RequireAsync(StepContext context, CancellationToken cancellationToken) =>
        await store.FindAsync(context.TenantId, context.OperationId, cancellationToken) ?? throw StepFailureException.Permanent(
            "not-restored", $"Operation {context.OperationId} has no restored database.", "Retry the operation from the step restored.create.");

    /// <summary>The role that owns what is restored.</summary>
    public static async Task<string> OwnerAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.ExecuteScalarAsync<string>(new CommandDefinition(Owner, cancellationToken: cancellationToken)))!;
}
