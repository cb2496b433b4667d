using Microsoft.Extensions.Logging;
using Saga.Registry.Placements;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Looks after what keeps the tenants of one server apart and is not made together with a tenant: databases that are open to every
/// login are named, statistics of shared tables are removed, and settings that a tenant gave to a shared role are reset. Thread-safe.
/// </summary>
internal sealed partial class ServerWalls(DatabaseServers servers, ILogger<ServerWalls> log)
{
    public async Task CheckAsync(string server, CancellationToken cancellationToken)
    {
        bool rows;
        await using (var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken))
        {
            var open = await OpenDatabases.ListAsync(session, cancellationToken);
            if (open.Count > 0)
                LogOpen(server, string.Join(", ", open), OpenDatabases.Closing(open));
            foreach (var changed in await LoginSettings.OfSharedRolesAsync(session, cancellationToken))
            {
                LogReset(server, changed.Role, changed.Settings);
                await session.ExecuteAsync(LoginSettings.Reset(changed.Role), cancellationToken);
            }

            await LoginSettings.LeaveAsync(session, cancellationToken);
            rows = await session.ScalarAsync<bool>(
                "select exists (select 1 from pg_database where datname = @RowDatabase and datallowconn and datconnlimit not in (0, -2))",
                cancellationToken, new { PlacementStore.RowDatabase });
        }

        if (!rows)
            return;
        await using var inside = await servers.OpenAsync(server, PlacementStore.RowDatabase, cancellationToken);
        if (await SharedStatistics.IsOpenAsync(inside, PlacementStore.ProductSchema, cancellationToken))
        {
            LogStatistics(server);
            await SharedDatabases.CloseStatisticsAsync(inside, cancellationToken);
        }
    }

    [LoggerMessage(EventId = 2302, Level = LogLevel.Warning,
        Message = "Every login of database server {Server}, and so every tenant's, may connect to or use these databases: {Databases}. Tenants are not verified there until a superuser or the owner runs: {Statement}")]
    private partial void LogOpen(string server, string databases, string statement);

    [LoggerMessage(EventId = 2303, Level = LogLevel.Warning, Message = "A login on database server {Server} has changed settings of the shared role {Role}; they are reset: {Settings}")]
    private partial void LogReset(string server, string role, string settings);

    [LoggerMessage(EventId = 2304, Level = LogLevel.Information, Message = "The shared tables on database server {Server} have planner statistics of tenants' values; they are removed.")]
    private partial void LogStatistics(string server);
}
