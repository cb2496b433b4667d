using Dapper;
using Npgsql;
using Saga.Workers.Database.Tiers;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Ends sessions of tenants' logins that stop others. Timeouts would not do, because a login may reset them.
/// <para>
/// A row-tier login that holds or awaits a table lock which excludes other writers is ended at once: the rights to UPDATE and DELETE
/// permit LOCK TABLE on the shared tables, and nothing else in the row tier takes such a lock. The wait counts as well, because
/// everybody else queues behind it.
/// </para>
/// <para>
/// Any tenant's login that makes a session of another kind wait (a worker's, a migration's) is ended after a bound. Tenants
/// who wait for each other do not count: otherwise a tenant could have another's session ended by waiting for it.
/// </para>
/// </summary>
internal static class BlockingSessions
{
    /// <param name="connection">A connection to any database of the server, whose user may signal other sessions (<c>pg_signal_backend</c>).</param>
    /// <param name="bound">How long a session that is no tenant's may have to wait.</param>
    public static async Task<IReadOnlyList<EndedSession>> EndAsync(NpgsqlConnection connection, TimeSpan bound, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<EndedSession>(new CommandDefinition(
            $"""
            with suspects as materialized (
                select a.pid, a.usename::text as login, a.datname::text as database, a.usesysid
                from pg_stat_activity a
                where a.usename ~ '{LoginSettings.Tenants}'
            ),
            locks as materialized (select * from pg_locks where exists (select 1 from suspects)),
            strong as (
                select t.pid, 'it locked a shared table (' || min(l.mode) || ')' as why
                from suspects t
                join pg_auth_members m on m.member = t.usesysid and m.roleid = (select oid from pg_roles where rolname = '{SharedRoles.RowUsers}')
                join locks l on l.pid = t.pid and l.locktype = 'relation'
                    and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
                group by t.pid
            ),
            waiting as materialized (
                select distinct w.pid
                from locks l join pg_stat_activity w on w.pid = l.pid and w.usesysid is not null
                where not l.granted and clock_timestamp() - l.waitstart > @bound and w.pid not in (select pid from suspects)
            ),
            blocking as (
                select b.pid, 'another session had to wait for it' as why
                from waiting w cross join unnest(pg_blocking_pids(w.pid)) b(pid)
            )
            select t.pid as Pid, t.login as Login, t.database as Database, min(f.why) as Why
            from suspects t join (select * from strong union all select * from blocking) f on f.pid = t.pid
            group by t.pid, t.login, t.database
            having pg_terminate_backend(t.pid)
            """,
            new { bound }, cancellationToken: cancellationToken))];
}

/// <summary>A session that was ended.</summary>
internal sealed record EndedSession(int Pid, string Login, string Database, string Why);
