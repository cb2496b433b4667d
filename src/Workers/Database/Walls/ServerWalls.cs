using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Saga.Registry.Placements;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Looks after what keeps the tenants of one server apart and is not made together with a tenant: databases that are open to every
/// login are named, statistics of shared tables are removed, and settings that a tenant gave to its login or to a shared role are reset. What stays as it is
/// is logged once and not at every look. Thread-safe.
/// </summary>
internal sealed partial class ServerWalls(DatabaseServers servers, ILogger<ServerWalls> log)
{
    private readonly ConcurrentDictionary<(string Server, string Subject), string> said = new();

    public async Task CheckAsync(string server, CancellationToken cancellationToken)
    {
        bool rows;
        await using (var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken))
        {
            if (IsNew(server, "superuser", await ServerLacks.IsSuperuserAsync(session, cancellationToken) ? "yes" : ""))
                LogSuperuser(server);
            var lacks = await ServerLacks.ListAsync(session, cancellationToken);
            if (IsNew(server, "lacks", string.Join("; ", lacks)))
                LogLacks(server, string.Join("; ", lacks));
            var open = await OpenDatabases.ListAsync(session, cancellationToken);
            if (IsNew(server, "open", string.Join(", ", open)))
                LogOpen(server, string.Join(", ", open), OpenDatabases.Closing(open));
            if (IsNew(server, "prepared", await ServerLacks.MaxPreparedTransactionsAsync(session, cancellationToken) is > 0 and var prepared ? $"{prepared}" : ""))
                LogPrepared(server);
            if (lacks.Count > 0)
                return;
            foreach (var changed in await LoginSettings.ResetOwnAsync(session, cancellationToken))
                LogOwnReset(server, changed.Role, changed.Settings);
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

    // Whether there is something to say that was not said at the last look.
    private bool IsNew(string server, string subject, string now)
    {
        var changed = said.GetValueOrDefault((server, subject), "") != now;
        said[(server, subject)] = now;
        return changed && now.Length > 0;
    }

    [LoggerMessage(EventId = 2460, Level = LogLevel.Warning,
        Message = "Workers sign in to database server {Server} as a superuser. Name another login in its ConnectionString, and run 'Saga.Host prepare-server', which creates it.")]
    private partial void LogSuperuser(string server);

    [LoggerMessage(EventId = 2461, Level = LogLevel.Warning,
        Message = "The workers' login on database server {Server} lacks: {Lacks}. Run 'Saga.Host prepare-server' for this server; until then, steps there fail.")]
    private partial void LogLacks(string server, string lacks);

    [LoggerMessage(EventId = 2302, Level = LogLevel.Warning,
        Message = "Every login of database server {Server}, and so every tenant's, may connect to or use these databases: {Databases}. Tenants are not verified there until a superuser or the owner runs: {Statement}")]
    private partial void LogOpen(string server, string databases, string statement);

    [LoggerMessage(EventId = 2303, Level = LogLevel.Warning, Message = "A login on database server {Server} has changed settings of the shared role {Role}; they are reset: {Settings}")]
    private partial void LogReset(string server, string role, string settings);

    [LoggerMessage(EventId = 2304, Level = LogLevel.Information, Message = "The shared tables on database server {Server} have planner statistics of tenants' values; they are removed.")]
    private partial void LogStatistics(string server);

    [LoggerMessage(EventId = 2661, Level = LogLevel.Warning,
        Message = "Database server {Server} allows prepared transactions, whose locks outlive the session: a tenant's cannot be ended with it. Set max_prepared_transactions to 0, unless other applications need it.")]
    private partial void LogPrepared(string server);

    [LoggerMessage(EventId = 2662, Level = LogLevel.Warning, Message = "Login {Login} on database server {Server} had settings of its own; they are reset: {Settings}")]
    private partial void LogOwnReset(string server, string login, string settings);
}
