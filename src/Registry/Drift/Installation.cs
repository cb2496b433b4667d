using System.Runtime.CompilerServices;
using Npgsql;

namespace Saga.Registry.Drift;

/// <summary>This installation. Thread-safe.</summary>
public sealed class Installation(NpgsqlDataSource registry)
{
    internal const string Select = "select id from installation";

    // A reference, because others may read it while it is written.
    private volatile StrongBox<Guid>? known;

    /// <summary>What everything bears that the installation's programs make outside. It never changes, so it is read once.</summary>
    public async ValueTask<Guid> IdAsync(CancellationToken cancellationToken)
    {
        if (known is null)
        {
            await using var ask = registry.CreateCommand(Select);
            known = new((Guid)(await ask.ExecuteScalarAsync(cancellationToken))!);
        }

        return known.Value;
    }
}
