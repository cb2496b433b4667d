using System.Collections.Concurrent;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Tiers;

/// <summary>
/// Copies of the template that belong to nobody yet. Copying writes a whole database to disk; a tenant that takes a warm
/// one only renames it. Nobody but an administrator can connect to one. Thread-safe, and so across processes: whoever
/// makes, takes or drops a warm database holds its advisory lock.
/// </summary>
internal sealed class WarmPool(DatabaseServers servers, TemplateDatabases templates)
{
    private const string Kind = "saga_spare_v";
    // Names the template, so that only copies of the present one are taken.
    private readonly string prefix = $"{Kind}{templates.Version}_";
    private readonly ConcurrentDictionary<string, SemaphoreSlim> taken = new(StringComparer.Ordinal);

    /// <summary>
    /// Keeps a warm database for the session, until it ends; null when there is none. It may be renamed by the session, and
    /// is taken then.
    /// </summary>
    public async Task<string?> KeepAsync(ServerSession session, CancellationToken cancellationToken)
    {
        while (await session.ScalarAsync<string>(
            "select datname::text from pg_database where case when starts_with(datname::text, @prefix) then pg_try_advisory_lock(hashtextextended(datname::text, 3)) end limit 1",
            cancellationToken, new { prefix }) is { } name)
        {
            // The list may be older than the lock: then another session took it in between.
            if (await session.HasDatabaseAsync(name, cancellationToken))
                return name;
        }

        return null;
    }

    /// <summary>One was taken by this process.</summary>
    public void Taken(string server)
    {
        if (Signal(server) is { CurrentCount: 0 } signal)
            signal.Release();
    }

    /// <summary>Waits until this process takes one, but not for longer. For one waiter a server.</summary>
    /// <returns>Whether one was taken.</returns>
    public Task<bool> TakenAsync(string server, TimeSpan longest, CancellationToken cancellationToken) => Signal(server).WaitAsync(longest, cancellationToken);

    /// <summary>
    /// Makes one more, unless there are enough, or another process is making one. Drops those of older versions, and makes
    /// none of its own version when there is a newer one: its own workers are about to be replaced.
    /// </summary>
    /// <returns>Whether one was made.</returns>
    public async Task<bool> AddAsync(string server, int enough, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        if (!await LacksAsync(session, enough, cancellationToken)
            || !await session.ScalarAsync<bool>("select pg_try_advisory_lock(hashtextextended(@Kind, 3))", cancellationToken, new { Kind })
            || !await LacksAsync(session, enough, cancellationToken))
        {
            return false;
        }

        await templates.EnsureAsync(server, cancellationToken);
        await DropOlderAsync(session, cancellationToken);
        var name = prefix + Guid.NewGuid().ToString("n")[..12];
        await session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@name, 3))", cancellationToken, new { name });
        await session.ExecuteAsync($"create database {Sql.Name(name)} template {Sql.Name(templates.Name)} connection limit 0", cancellationToken);
        await session.ExecuteAsync($"revoke all on database {Sql.Name(name)} from public", cancellationToken);
        // The first session in a database builds the server's files of its catalogs: here, nobody waits for that.
        await using (await servers.OpenAsync(server, name, cancellationToken))
            return true;
    }

    private SemaphoreSlim Signal(string server) => taken.GetOrAdd(server, _ => new SemaphoreSlim(0));

    private Task<bool> LacksAsync(ServerSession session, int enough, CancellationToken cancellationToken) => session.ScalarAsync<bool>(
        """
        select count(*) filter (where starts_with(datname::text, @prefix)) < @enough
            and not coalesce(bool_or((regexp_match(datname::text, '^saga_template_v([0-9]+)_'))[1]::int > @Newest and datistemplate), false)
        from pg_database
        """,
        cancellationToken, new { prefix, enough, templates.Newest });

    private async Task DropOlderAsync(ServerSession session, CancellationToken cancellationToken)
    {
        var older = await session.QueryAsync<string>(
            """
            select datname::text from pg_database
            where case when (regexp_match(datname::text, '^saga_spare_v([0-9]+)_'))[1]::int < @Newest then pg_try_advisory_lock(hashtextextended(datname::text, 3)) end
            """,
            cancellationToken, new { templates.Newest });
        foreach (var name in older)
            await session.ExecuteAsync($"drop database if exists {Sql.Name(name)}", cancellationToken);
    }
}
