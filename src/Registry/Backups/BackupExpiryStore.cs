using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Holds;

namespace Saga.Registry.Backups;

/// <summary>Reads what is kept, to find what has expired. Thread-safe.</summary>
public sealed class BackupExpiryStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <summary>
    /// The backups of the next tenants by id. Tenants that are about to be removed are not among them, because nothing else should run on them, nor
    /// are those that are gone and whose backups a scheduled command destroys together.
    /// </summary>
    /// <param name="after">The last tenant of the page before; null for the first page.</param>
    /// <param name="limit">The most tenants.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<IReadOnlyList<StoredBackups>> ListAsync(TenantId? after, int limit, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            with page as (
                select t.id, t.plan, t.timezone, t.status from tenants t
                where t.id > $1 and t.status in ('active', 'deprovisioned')
                    and not exists (select from scheduled_commands c where c.tenant_id = t.id and c.kind = '{BackupDestruction.Kind}' and c.state = 'scheduled')
                    and exists (select from backups b where b.tenant_id = t.id and b.state in ('completed', 'expiring'))
                    and not exists (select from holds h where h.tenant_id = t.id and h.code = '{HoldNames.Of(HoldCode.Deletion)}')
                order by t.id limit $2)
            select p.id, p.plan, p.timezone, p.status = 'deprovisioned', s.keep_last, s.keep_daily, s.keep_weekly, s.keep_days, b.id, b.started_at, b.requested_by = 'system', b.state = 'expiring'
            from page p join backups b on b.tenant_id = p.id and b.state in ('completed', 'expiring') left join backup_schedules s on s.tenant_id = p.id
            order by p.id, b.started_at desc, b.id desc
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = after?.Value ?? Guid.Empty });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var tenants = new List<StoredBackups>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var tenant = new TenantId(row.GetGuid(0));
            if (tenants.Count == 0 || tenants[^1].Tenant != tenant)
            {
                var own = new KeepRule { Last = Number(row, 4), Daily = Number(row, 5), Weekly = Number(row, 6), Days = Number(row, 7) };
                tenants.Add(new(tenant, row.GetString(1), row.GetString(2), row.GetBoolean(3), own, new List<StoredBackup>()));
            }

            ((List<StoredBackup>)tenants[^1].Backups).Add(new(row.GetGuid(8), row.GetFieldValue<DateTimeOffset>(9), row.GetBoolean(10), row.GetBoolean(11)));
        }

        return tenants;
    }

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => clock.NowAsync(registry, cancellationToken);

    private static int? Number(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);
}
