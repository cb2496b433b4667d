using Npgsql;

namespace Saga.Workers.Database.Servers;

/// <summary>
/// The connections of this process to one server, across all its databases. Busy and idle connections together never exceed the
/// budget. The oldest idle connection is closed to make room for a new one. One connection is reserved for callers that already hold
/// one and need a second to make progress, because all other connections may be waiting for their locks. Thread-safe.
/// </summary>
/// <param name="budget">The most connections.</param>
/// <param name="time">The clock for closing idle connections.</param>
internal sealed class ServerConnections(int budget, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a caller waits for a free connection. Longer than a burst, shorter than an attempt.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(15);
    private readonly TimeProvider time = time;
    private readonly SemaphoreSlim free = new(budget - 1, budget - 1);
    private readonly SemaphoreSlim second = new(1, 1);
    private readonly SemaphoreSlim collecting = new(1, 1);
    private readonly Lock gate = new();
    private readonly LinkedList<Idle> idle = [];
    private int inUse;
    private bool disposed;

    /// <summary>The number of busy and idle connections.</summary>
    public (int InUse, int Idle) Count
    {
        get
        {
            lock (gate)
                return (inUse, idle.Count);
        }
    }

    /// <summary>Reserves room for a connection that other code opens, until the reservation is disposed.</summary>
    /// <exception cref="TimeoutException">Nothing became free in <see cref="Patience"/>.</exception>
    public Task<Reservation> ReserveAsync(CancellationToken cancellationToken) => ReserveAsync(free, cancellationToken);

    /// <summary>The same for a caller that already holds one.</summary>
    public Task<Reservation> ReserveSecondAsync(CancellationToken cancellationToken) => ReserveAsync(second, cancellationToken);

    private async Task<Reservation> ReserveAsync(SemaphoreSlim permits, CancellationToken cancellationToken)
    {
        if (!await permits.WaitAsync(Patience, cancellationToken))
            throw new TimeoutException($"None of the {budget} connections that this process may have became free within {Patience.TotalSeconds:0} s.");
        List<Idle> closing;
        lock (gate)
        {
            inUse++;
            closing = Surplus();
        }

        await CloseAsync(closing);
        return new Reservation(this, permits);
    }

    /// <summary>Reserves room for several connections at once. Only one caller at a time collects permits, so that such callers do not deadlock.</summary>
    /// <exception cref="TimeoutException">Not enough became free in <see cref="Patience"/>.</exception>
    public async Task<Reservations> ReserveAsync(int count, CancellationToken cancellationToken)
    {
        var reserved = new Reservations();
        if (!await collecting.WaitAsync(Patience, cancellationToken))
            throw new TimeoutException($"Other steps have waited for {Patience.TotalSeconds:0} s for some of the {budget} connections that this process may have.");
        try
        {
            for (var i = 0; i < count; i++)
                reserved.Add(await ReserveAsync(cancellationToken));
            return reserved;
        }
        catch
        {
            await reserved.DisposeAsync();
            throw;
        }
        finally
        {
            collecting.Release();
        }
    }

    /// <summary>Closes connections that were idle for a while.</summary>
    public Task CloseOldAsync()
    {
        var closing = new List<Idle>();
        lock (gate)
        {
            while (idle.First is { } oldest && time.GetUtcNow() - oldest.Value.Since >= IdleTime)
            {
                closing.Add(oldest.Value);
                idle.RemoveFirst();
            }
        }

        return CloseAsync(closing);
    }

    public async ValueTask DisposeAsync()
    {
        List<Idle> closing;
        lock (gate)
        {
            disposed = true;
            closing = [.. idle];
            idle.Clear();
        }

        await CloseAsync(closing);
    }

    private List<Idle> Surplus()
    {
        var closing = new List<Idle>();
        while (idle.First is { } oldest && inUse + idle.Count > budget)
        {
            closing.Add(oldest.Value);
            idle.RemoveFirst();
        }

        return closing;
    }

    private static async Task CloseAsync(List<Idle> connections)
    {
        foreach (var connection in connections)
            await connection.Connection.DisposeAsync();
    }

    private sealed record Idle(string Database, NpgsqlConnection Connection, DateTimeOffset Since);

    /// <summary>Room for several connections.</summary>
    public sealed class Reservations : IAsyncDisposable
    {
        private readonly List<Reservation> all = [];

        public void Add(Reservation reservation) => all.Add(reservation);

        public async ValueTask DisposeAsync()
        {
            foreach (var reservation in all)
                await reservation.DisposeAsync();
        }
    }

    /// <summary>Room for one connection. For one user at a time.</summary>
    public sealed class Reservation(ServerConnections connections, SemaphoreSlim permits) : IAsyncDisposable
    {
        private bool released;

        /// <summary>An idle connection to the database; null when there is none.</summary>
        public NpgsqlConnection? Take(string database)
        {
            lock (connections.gate)
            {
                // Take the newest, so that surplus connections age and get closed.
                for (var node = connections.idle.Last; node is not null; node = node.Previous)
                {
                    if (node.Value.Database != database)
                        continue;
                    connections.idle.Remove(node);
                    return node.Value.Connection;
                }
            }

            return null;
        }

        /// <summary>Ends the reservation and keeps its connection for the next caller.</summary>
        public async Task KeepAsync(string database, NpgsqlConnection connection)
        {
            var kept = false;
            Release(() =>
            {
                kept = !connections.disposed;
                if (kept)
                    connections.idle.AddLast(new Idle(database, connection, connections.time.GetUtcNow()));
            });
            if (!kept)
                await connection.DisposeAsync();
        }

        public ValueTask DisposeAsync()
        {
            Release(() => { });
            return ValueTask.CompletedTask;
        }

        private void Release(Action meanwhile)
        {
            lock (connections.gate)
            {
                if (released)
                    return;
                released = true;
                connections.inUse--;
                meanwhile();
            }

            permits.Release();
        }
    }
}
