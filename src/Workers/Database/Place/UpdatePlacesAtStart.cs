using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Registry.Placements;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Place;

/// <summary>
/// Brings the product databases that an earlier version created up to date: the schema <c>saga</c>, the places of their tenants, the
/// policies, and the functions that no tenant may call. Runs beside the steps, and again until every database is done.
/// </summary>
internal sealed partial class UpdatePlacesAtStart(DatabaseServers servers, ExistingPlaces existing, PlacementStore placements, TimeProvider time, ILogger<UpdatePlacesAtStart> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(servers.Names.Select(s => UntilDoneAsync(s, stoppingToken)));

    /// <returns>How many databases were changed.</returns>
    internal async Task<int> UpdateAsync(string server, CancellationToken cancellationToken)
    {
        var changed = 0;
        foreach (var database in await ListAsync(server, cancellationToken))
        {
            // It may have been dropped since it was listed.
            if (await servers.ExistsAsync(server, database, cancellationToken) && await UpdateAsync(server, database, cancellationToken))
                changed++;
        }

        return changed;
    }

    private async Task UntilDoneAsync(string server, CancellationToken stopping)
    {
        var failing = false;
        while (true)
        {
            try
            {
                LogUpdated(server, await UpdateAsync(server, stopping));
                return;
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                if (!failing)
                    LogNotUpdated(error, server, error.Message);
                failing = true;
            }

            await Task.Delay(Pause, time, stopping);
        }
    }

    private async Task<IReadOnlyList<string>> ListAsync(string server, CancellationToken cancellationToken)
    {
        // Databases that were adopted may have any name.
        var placed = (await placements.DatabasesAsync(server, cancellationToken)).ToArray();
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        // A limit of 0 or -2: the database is being created or dropped.
        return await session.QueryAsync<string>(
            """
            select datname::text from pg_database
            where datallowconn and datconnlimit not in (0, -2)
              and (datname = @RowDatabase or starts_with(datname::text, @SchemaDatabasePrefix) or datname ~ '^tenant_[0-9a-f]{32}' or datname = any(@placed))
            order by datname <> @RowDatabase, datname
            """,
            cancellationToken, new { PlacementStore.RowDatabase, PlacementStore.SchemaDatabasePrefix, placed });
    }

    private async Task<bool> UpdateAsync(string server, string database, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(server, database, cancellationToken);
        var changed = await PlaceSchema.EnsureAsync(session, cancellationToken);
        if (!await OpenFunctions.CloseAsync(session, cancellationToken))
            LogOpen(server, database);
        if (database == PlacementStore.RowDatabase)
            await session.ExecuteAsync(SharedRoles.GrantRowRuntime, cancellationToken);
        // Before the policies, which ask for the places.
        await existing.WriteAsync(session, database, cancellationToken);
        return await PlaceSchema.ProtectAsync(session, cancellationToken) || changed;
    }

    [LoggerMessage(EventId = 2320, Level = LogLevel.Information, Message = "The product databases of server {Server} have the newest schema saga. {Changed} were brought up to date.")]
    private partial void LogUpdated(string server, int changed);

    [LoggerMessage(EventId = 2321, Level = LogLevel.Warning, Message = "Not every product database of server {Server} has the newest schema saga; trying again: {Reason}")]
    private partial void LogNotUpdated(Exception error, string server, string reason);

    [LoggerMessage(EventId = 2322, Level = LogLevel.Warning, Message = "Every login may take advisory locks and create large objects in database {Database} on server {Server}. Run 'Saga.Host prepare-server' for this server.")]
    private partial void LogOpen(string server, string database);
}
