using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Saga.Contracts.Failures;
using Saga.Registry.Placements;
using Saga.Registry.Tenants;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;
using System.Runtime.ExceptionServices;

namespace Saga.Workers.Database.Place;

/// <summary>
/// Writes the modes and epochs that holds and moves ask for into the places of the product databases. Any number may run at once: each
/// writer reads what is wanted after it has locked the place, so that the last one writes the newest. Thread-safe.
/// </summary>
internal sealed partial class PlaceModes(DatabaseServers servers, PlaceModeStore modes, TimeProvider time, ILogger<PlaceModes> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Brings every place that is due up to date. A place that cannot be written does not stop the others, nor does a server.</summary>
    /// <returns>One of the failures; null when there was none.</returns>
    internal Task<Exception?> WriteDueAsync(CancellationToken cancellationToken) => WriteDueAsync(null, cancellationToken);

    /// <summary>Brings the tenant's places up to date now.</summary>
    /// <exception cref="StepFailureException">A place could not be written, or a transaction that began earlier has not ended yet.</exception>
    internal async Task WriteAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        // This process may not know the tenant's server.
        if (tenant.Placement is { } place)
            await servers.ExistsAsync(place.Server, place.Database, cancellationToken);
        if (await WriteDueAsync(tenant.Id.Value, cancellationToken) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    private async Task<Exception?> WriteDueAsync(Guid? tenant, CancellationToken cancellationToken)
    {
        var due = await modes.DueAsync(servers.Names, tenant, cancellationToken);
        var failures = await Task.WhenAll(due.GroupBy(p => p.Server, StringComparer.Ordinal).Select(async server =>
        {
            Exception? failure = null;
            foreach (var place in server)
            {
                try
                {
                    await WriteAsync(place, cancellationToken);
                }
                catch (StepFailureException error) when (error.Failure.Kind == FailureKind.Outage)
                {
                    return error;
                }
                catch (Exception error) when (!cancellationToken.IsCancellationRequested)
                {
                    failure ??= error;
                }
            }

            return failure;
        }));
        return failures.FirstOrDefault(f => f is not null);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failing = false;
        while (true)
        {
            Exception? failure;
            try
            {
                failure = await WriteDueAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                failure = error;
            }

            if (failure is not null && !failing)
                LogNotWritten(failure, failure.Message);
            failing = failure is not null;
            await Task.Delay(Look, time, stoppingToken);
        }
    }

    private async Task WriteAsync(PlaceKey place, CancellationToken cancellationToken)
    {
        var token = await modes.BeginAsync(place, cancellationToken);
        var wanted = await modes.WantedAsync(place, cancellationToken);
        if (wanted is not null && await servers.ExistsAsync(place.Server, place.Database, cancellationToken))
        {
            await using var session = await servers.OpenAsync(place.Server, place.Database, cancellationToken);
            var written = false;
            await session.InTransactionAsync(
                async () =>
                {
                    written = await session.ScalarAsync<bool>("select true from saga.place where tenant_id = @TenantId for update", cancellationToken, new { place.TenantId });
                    wanted = await modes.WantedAsync(place, cancellationToken);
                    if (wanted is not null)
                    {
                        await session.ExecuteAsync(
                            "update saga.place set mode = @Mode, epoch = @Epoch, updated_at = now() where tenant_id = @TenantId",
                            cancellationToken, new { wanted.Mode, wanted.Epoch, place.TenantId });
                    }
                },
                cancellationToken);
            if (!written)
                throw new InvalidOperationException($"Database '{place.Database}' on server '{place.Server}' has no place of tenant {place.TenantId} yet.");
            if (wanted is { Mode: not "open" })
                await EndTransactionsAsync(session, place.TenantId, cancellationToken);
        }

        await modes.WrittenAsync(place, token, wanted, cancellationToken);
        LogWritten(place.TenantId, place.Database, place.Server, wanted?.Mode ?? "gone");
    }

    // A transaction that began earlier may still see the former mode. A tenant's own login could keep it open as long as it likes, so its
    // sessions are ended. Those of the runtime's shared role hold the tenant's lock and get some time.
    private static async Task EndTransactionsAsync(ServerSession session, Guid tenant, CancellationToken cancellationToken)
    {
        const string Sessions = "from pg_stat_activity a join saga.logins l on l.login = a.usename where l.tenant_id = @tenant and a.datname = current_database()";
        // Sessions that begin later know the mode. Their process ids tell them apart, because when another login's session began is not shown
        // to everybody.
        var older = (await session.QueryAsync<int>($"select a.pid {Sessions}", cancellationToken, new { tenant })).ToArray();
        if (older.Length > 0)
        {
            // All are told to end before any is waited for.
            await session.ExecuteAsync($"select pg_terminate_backend(a.pid) {Sessions} and a.pid = any(@older)", cancellationToken, new { tenant, older });
            await session.ExecuteAsync($"select pg_terminate_backend(a.pid, 2000) {Sessions} and a.pid = any(@older)", cancellationToken, new { tenant, older });
            // One that has ended by itself counts there as one that could not be ended, so what is left decides.
            if (await session.ScalarAsync<bool>($"select exists (select {Sessions} and a.pid = any(@older))", cancellationToken, new { tenant, older }))
                throw new InvalidOperationException($"A session of tenant {tenant} on server '{session.Server}' does not end.");
        }

        await session.InTransactionAsync(
            () => session.ExecuteAsync(
                "set local lock_timeout = '10s'; select pg_advisory_xact_lock(hashtextextended(@tenant::text, 5))", cancellationToken, new { tenant }),
            cancellationToken);
    }

    [LoggerMessage(EventId = 2323, Level = LogLevel.Information, Message = "The place of tenant {Tenant} in database {Database} on server {Server} is now: {Mode}.")]
    private partial void LogWritten(Guid tenant, string database, string server, string mode);

    [LoggerMessage(EventId = 2324, Level = LogLevel.Warning, Message = "A tenant's place cannot be set to what its holds ask for; trying again: {Reason}")]
    private partial void LogNotWritten(Exception error, string reason);
}
