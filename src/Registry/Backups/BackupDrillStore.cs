using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Holds;

namespace Saga.Registry.Backups;

/// <summary>Finds backups for drills, and what drills have proved. Thread-safe.</summary>
public sealed class BackupDrillStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>The kind of the operations.</summary>
    public const string Kind = "drill";

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => clock.NowAsync(registry, cancellationToken);

    /// <summary>
    /// The sample of a period: one of the complete backups of active tenants that were finished before it was looked at for a while, chosen by the
    /// period's name, so that all who look at the same time find the same one.
    /// </summary>
    /// <param name="period">The period's name.</param>
    /// <param name="since">When the period began.</param>
    /// <param name="before">Only backups that were complete before this time.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <returns>Null when the period has had its drill, or there is no backup.</returns>
    public async Task<(TenantId Tenant, Guid Backup)?> SampleAsync(string period, DateTimeOffset since, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select b.tenant_id, b.id from backups b join tenants t on t.id = b.tenant_id
            where b.state = 'completed' and b.ended_at < $3 and t.status = 'active'
                and not exists (select from holds h where h.tenant_id = t.id and h.code = '{HoldNames.Of(HoldCode.Deletion)}')
                and not exists (select from operations o where o.kind = '{Kind}' and o.created_at >= $2)
            order by md5($1 || b.id::text) limit 1
            """);
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = period });
        find.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since.ToUniversalTime() });
        find.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before.ToUniversalTime() });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? (new TenantId(row.GetGuid(0)), row.GetGuid(1)) : null;
    }

    /// <summary>How long ago a restore was last proved; since the first complete backup when none ever was; null when there is no backup.</summary>
    public async Task<TimeSpan?> AgeAsync(CancellationToken cancellationToken)
    {
        await using var ask = registry.CreateCommand("select clock_timestamp() + $1 - coalesce(max(proven_at), min(ended_at)) from backups where state in ('completed', 'expiring', 'expired')");
        ask.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        return await ask.ExecuteScalarAsync(cancellationToken) as TimeSpan?;
    }
}
