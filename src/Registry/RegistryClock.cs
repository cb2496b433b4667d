using Npgsql;

namespace Saga.Registry;

/// <summary>
/// The engine's only clock: the registry's, read where the statement runs. Due times, deadlines, leases and claims are written and
/// compared only with it, so that a process with a wrong clock does no harm.
/// </summary>
public sealed class RegistryClock
{
    /// <summary>The offset added to the registry's time. Zero unless a test moves the clock.</summary>
    public TimeSpan Offset { get; internal set; }

    /// <summary>The time now, for what is decided outside of a transaction.</summary>
    public async Task<DateTimeOffset> NowAsync(NpgsqlDataSource registry, CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand("select clock_timestamp()");
        await using var row = await ask.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return row.GetFieldValue<DateTimeOffset>(0) + Offset;
    }
}
