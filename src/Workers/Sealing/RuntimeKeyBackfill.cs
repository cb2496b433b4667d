using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Registry.Secrets;
using Saga.Tenancy.Sealing;

namespace Saga.Workers.Sealing;

/// <summary>
/// Wraps tenants' keys under the runtime keys under which they are not wrapped yet: keys from before there were runtime keys, and
/// all keys after a new runtime key is configured. Any number may run at once, and each may be interrupted at any point.
/// </summary>
internal sealed partial class RuntimeKeyBackfill(NpgsqlDataSource registry, TenantSealer sealer, RuntimeKeys runtimes, ILogger<RuntimeKeyBackfill> log)
{
    private const int Batch = 100;

    /// <returns>How many wrapped keys were added. A key whose master key is missing is logged and skipped.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        var (added, after) = (0, Guid.Empty);
        while (true)
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var keys = await TenantKeyRows.WithoutRuntimeKeyAsync(transaction, runtimes.Ids, after, Batch, cancellationToken);
            if (keys.Count == 0)
                return added;
            added += await TenantKeyRows.AddForRuntimesAsync(transaction, [.. keys.SelectMany(Wrap)], cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            after = keys[^1].TenantId;
        }
    }

    /// <summary>Logs each configured runtime key that differs from the one with which keys were wrapped under its id.</summary>
    public async Task CompareAsync(CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        foreach (var id in runtimes.Ids)
        {
            var others = await TenantKeyRows.CountOtherwiseWrappedAsync(connection, id, runtimes.Beginning(id), cancellationToken);
            if (others > 0)
                LogChanged(id, others);
        }
    }

    private IEnumerable<RuntimeKeyRow> Wrap(TenantKeyRow row)
    {
        try
        {
            return sealer.WrapMissing(row);
        }
        catch (SealingException error)
        {
            LogNotWrapped(row.TenantId, error.Message);
            return [];
        }
    }

    [LoggerMessage(EventId = 2400, Level = LogLevel.Warning, Message = "The key of tenant {TenantId} cannot be wrapped for runtimes, so they cannot open its secrets: {Reason}")]
    private partial void LogNotWrapped(Guid tenantId, string reason);

    [LoggerMessage(EventId = 2401, Level = LogLevel.Error,
        Message = "Saga:Runtime:Keys:{RuntimeKeyId} is not the key that wrapped the keys of {Count} tenants under this id. Restore the former value, and give a new runtime key a new id.")]
    private partial void LogChanged(string runtimeKeyId, long count);
}
