using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saga.Registry.Schema;

/// <summary>Lets one process at a time migrate a registry. The others wait for as long as it takes, and log which session they wait for.</summary>
internal sealed partial class MigrationLock(ILogger? log)
{
    private const long Key = 0x5A6A_0001;
    private static readonly TimeSpan FirstNotice = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    /// <summary>Takes the lock for the session. It ends with the session, or when the session is reset.</summary>
    public async Task TakeAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        for (var patience = FirstNotice; ; patience = patience * 2 < LongestSilence ? patience * 2 : LongestSilence)
        {
            if (await TryAsync(connection, patience, cancellationToken))
                return;
            waited += patience;
            if (log is not null)
                await SayAsync(log, connection, waited, cancellationToken);
        }
    }

    private static async Task<bool> TryAsync(NpgsqlConnection connection, TimeSpan patience, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition(
            "select set_config('lock_timeout', @Milliseconds::text, false)", new { Milliseconds = (long)patience.TotalMilliseconds }, cancellationToken: cancellationToken));
        try
        {
            // The server ends the wait. The driver's limit is only for a server that no longer answers.
            await connection.ExecuteAsync(new CommandDefinition(
                "select pg_advisory_lock(@Key)", new { Key }, commandTimeout: (int)patience.TotalSeconds + 30, cancellationToken: cancellationToken));
            return true;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }
    }

    private static async Task SayAsync(ILogger log, NpgsqlConnection connection, TimeSpan waited, CancellationToken cancellationToken)
    {
        var holder = await connection.QuerySingleOrDefaultAsync<(int Session, string Program, string Host)?>(new CommandDefinition(
            """
            select l.pid, coalesce(nullif(a.application_name, ''), 'unnamed'), coalesce(a.client_addr::text, 'an unknown host')
            from pg_locks l left join pg_stat_activity a on a.pid = l.pid
            where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and (l.classid::bigint << 32) + l.objid::bigint = @Key
                and l.database = (select oid from pg_database where datname = current_database())
            limit 1
            """,
            new { Key }, cancellationToken: cancellationToken));
        if (holder is { } by)
            Waiting(log, (long)waited.TotalSeconds, by.Session, by.Program, by.Host);
    }

    [LoggerMessage(2640, LogLevel.Warning, "Waiting for another process to migrate the registry, for {Seconds} s so far: session {Session} ({Program}) from {Host}.")]
    private static partial void Waiting(ILogger log, long seconds, int session, string program, string host);
}
