using System.Globalization;
using Microsoft.Extensions.Options;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Replicas;

/// <summary>What steps do on the replicas of a server themselves: wait for them, and end sessions. Everything else is replicated. Thread-safe.</summary>
internal sealed class ReplicaServers(DatabaseServers servers, IOptions<ReplicaOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>The names of the server's replicas.</summary>
    public IReadOnlyList<string> NamesOf(string server) => [.. servers.ReplicasOf(server).Select(r => r.Name)];

    /// <summary>Returns when every replica has replayed what was committed on the server until now.</summary>
    /// <exception cref="StepFailureException">
    /// A replica is away, or too far behind (<c>replica-behind</c>): an outage of that replica. Or it replicates another server (<c>replica-foreign</c>).
    /// </exception>
    public Task WaitAsync(string server, CancellationToken cancellationToken) => OnEachAsync(server, (_, _) => Task.CompletedTask, cancellationToken);

    /// <summary>
    /// Ends the logins' sessions on every replica, once that replica has replayed what was committed on the server until now. A replica that is away
    /// does not keep the sessions of others alive. Bar the logins before, so that no further sessions can begin.
    /// </summary>
    /// <exception cref="StepFailureException">As for <see cref="WaitAsync"/>, when every replica was tried.</exception>
    public Task EndSessionsAsync(string server, IReadOnlyList<string> logins, CancellationToken cancellationToken) => OnEachAsync(
        server,
        (session, token) => session.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = any(@Logins)", token, new { Logins = logins.ToArray() }),
        cancellationToken);

    // Each replica by itself, so that all are tried although some fail.
    private async Task OnEachAsync(string server, Func<ServerSession, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if (NamesOf(server) is not { Count: > 0 } replicas)
            return;
        string position, system;
        await using (var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken))
        {
            position = (await session.ScalarAsync<string>("select pg_current_wal_insert_lsn()::text", cancellationToken))!;
            system = await SystemAsync(session, cancellationToken);
        }

        await Task.WhenAll(replicas.Select(async replica =>
        {
            using var waiting = ExternalCalls.Begin(DatabaseFailures.System(DatabaseServers.ReplicaName(server, replica)));
            await using var session = await servers.OpenReplicaAsync(server, replica, cancellationToken);
            await WaitAsync(session, server, replica, position, system, cancellationToken);
            await work(session, cancellationToken);
        }));
    }

    private async Task WaitAsync(ServerSession session, string server, string replica, string position, string system, CancellationToken cancellationToken)
    {
        var own = await SystemAsync(session, cancellationToken);
        if (!await session.ScalarAsync<bool>("select pg_is_in_recovery()", cancellationToken) || (own != system && own != Unknown && system != Unknown))
            throw Foreign(server, replica);
        for (var (begun, bound) = (time.GetTimestamp(), TimeSpan.FromSeconds(options.Value.ReplicaWaitSeconds)); ; await Task.Delay(Look, time, cancellationToken))
        {
            if (await session.ScalarAsync<bool>("select coalesce(pg_last_wal_replay_lsn() >= @position::pg_lsn, false)", cancellationToken, new { position }))
                return;
            if (time.GetElapsedTime(begun) >= bound)
            {
                throw StepFailureException.Outage(
                    "replica-behind", string.Create(CultureInfo.InvariantCulture, $"Replica '{replica}' of database server '{server}' has not replayed {position} within {bound.TotalSeconds:0} s."),
                    DatabaseFailures.System(DatabaseServers.ReplicaName(server, replica)), "See why it is behind; the step then continues by itself. A replica that is permanently gone must be removed from the configuration of the workers.");
            }
        }
    }

    internal static StepFailureException Foreign(string server, string replica) => StepFailureException.Permanent(
        "replica-foreign", $"What answers at the address of replica '{replica}' is no streaming replica of database server '{server}'.",
        $"Correct Saga:Databases:Servers:{server}:Replicas:{replica}, restart the workers, then replay the operation.", DatabaseFailures.System(DatabaseServers.ReplicaName(server, replica)));

    private const string Unknown = "unknown";

    // The identifier of the cluster, which its replicas share.
    private static async Task<string> SystemAsync(ServerSession session, CancellationToken cancellationToken) =>
        (await session.IdentifyAsync(cancellationToken)).Id.Split('/')[0];
}
