using System.Collections.Concurrent;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Tiers;

/// <summary>
/// Copies of the template that belong to nobody yet. Copying writes an entire database to disk; taking a warm database only renames
/// it. Only administrators can connect to one. Safe across threads and processes, because creating, taking or dropping a warm
/// database requires its advisory lock.
/// </summary>
internal sealed class WarmPool(DatabaseServers servers, TemplateDatabases templates)
{
    /// <summary>What the names of warm databases begin with.</summary>
    public const string Kind = "saga_spare_v";

    // Contains the template's version, so that only copies of the current template are taken.
    private readonly string prefix = $"{Kind}{templates.Version}_";
    private readonly ConcurrentDictionary<string, SemaphoreSlim> taken = new(StringComparer.Ordinal);

    /// <summary>
    /// Reserves a warm database until the session ends; null when there is none. The session takes it by renaming it.
    /// </summary>
    public async Task<string?> KeepAsync(ServerSession session, CancellationToken cancellationToken)
    {
        while (await session.ScalarAsync<string>(
            "select datname::text from pg_database where case when starts_with(datname::text, @prefix) then pg_try_advisory_lock(hashtextextended(datname::text, 3)) end limit 1",
            cancellationToken, new { prefix }) is { } name)
        {
            // The list may be older than the lock, so another session may have taken the database in between.
            if (await session.HasDatabaseAsync(name, cancellationToken))
                return name;
        }

        return null;
    }

    /// <summary>Signals that this process took one.</summary>
    public void Taken(string server)
    {
        if (Signal(server) is { CurrentCount: 0 } signal)
            signal.Release();
    }

    /// <summary>Waits until this process takes one, or until the time is over. Supports one waiter per server.</summary>
    /// <returns>Whether one was taken.</returns>
    public Task<bool> TakenAsync(string server, TimeSpan longest, CancellationToken cancellationToken) => Signal(server).WaitAsync(longest, cancellationToken);

    /// <summary>
    /// Creates one more, unless there are enough or another process is creating one. Drops those of older versions. If there are any of
    /// a newer version, it creates none, because this process is about to be replaced.
    /// </summary>
    /// <returns>Whether one was created.</returns>
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
        // The first session in a database makes the server build its catalog cache files. Nobody waits for that here.
        await session.ExecuteAsync($"alter database {Sql.Name(name)} connection limit 1", cancellationToken);
        await using (await servers.OpenAsync(server, name, cancellationToken))
        {
        }

        await session.ExecuteAsync($"alter database {Sql.Name(name)} connection limit 0", cancellationToken);
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
