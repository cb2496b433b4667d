using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Intake;

namespace Saga.Registry.Backups;

/// <summary>Reads and writes tenants' own schedules of backups. Thread-safe.</summary>
public sealed class BackupScheduleStore(NpgsqlDataSource registry, RegistryClock clock)
{
    /// <returns>Null when there is no such tenant.</returns>
    public async Task<ScheduleOfTenant?> FindAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            """
            select t.plan, t.timezone, s.cron, s.set_by, s.set_at, r.basis, r.next_due_at, r.last_due_at, r.last_operation_id, r.unconfirmed_since, clock_timestamp(), s.keep_last, s.keep_daily, s.keep_weekly, s.keep_days
            from tenants t left join backup_schedules s on s.tenant_id = t.id left join backup_runs r on r.tenant_id = t.id where t.id = $1
            """);
        find.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        return !await row.ReadAsync(cancellationToken) ? null : new()
        {
            TenantId = tenant,
            Plan = row.GetString(0),
            Timezone = row.GetString(1),
            Own = row.IsDBNull(3) ? null : new()
            {
                Cron = row.IsDBNull(2) ? null : row.GetString(2),
                Keep = new() { Last = Number(row, 11), Daily = Number(row, 12), Weekly = Number(row, 13), Days = Number(row, 14) },
                SetBy = row.GetString(3),
                SetAt = row.GetFieldValue<DateTimeOffset>(4),
            },
            Basis = row.IsDBNull(5) ? null : row.GetString(5),
            NextDueAt = Time(row, 6),
            LastDueAt = Time(row, 7),
            LastOperationId = row.IsDBNull(8) ? null : row.GetGuid(8),
            UnconfirmedSince = Time(row, 9),
            Now = row.GetFieldValue<DateTimeOffset>(10) + clock.Offset,
        };
    }

    /// <summary>Replaces the tenant's own schedule, with its audit line. The same schedule again changes nothing and is not audited.</summary>
    /// <param name="tenant">A tenant that exists.</param>
    /// <param name="cron">A checked expression; null for the configuration's.</param>
    /// <param name="keep">What it keeps.</param>
    /// <param name="actor">Who sets it, as in the audit log.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="cancellationToken">Honoured until the statement is sent.</param>
    public async Task PutAsync(TenantId tenant, string? cron, KeepRule keep, string actor, string? reason, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(CommandLedger.Statement(
            $"""
            with former as (
                select jsonb_build_object('cron', cron, 'keep', jsonb_build_object('last', keep_last, 'daily', keep_daily, 'weekly', keep_weekly, 'days', keep_days)) as values
                from backup_schedules where tenant_id = $1),
            changed as (
                insert into backup_schedules as s (tenant_id, cron, set_by, set_at, keep_last, keep_daily, keep_weekly, keep_days)
                values ($1, $2, $3, clock_timestamp() + $5, $6, $7, $8, $9)
                on conflict (tenant_id) do update set
                    cron = excluded.cron, set_by = excluded.set_by, set_at = excluded.set_at, keep_last = excluded.keep_last, keep_daily = excluded.keep_daily,
                    keep_weekly = excluded.keep_weekly, keep_days = excluded.keep_days
                where (s.cron, s.keep_last, s.keep_daily, s.keep_weekly, s.keep_days)
                    is distinct from (excluded.cron, excluded.keep_last, excluded.keep_daily, excluded.keep_weekly, excluded.keep_days)
                returning tenant_id)
            insert into audit (at, actor, action, tenant_id, origin, before, after, detail)
            select clock_timestamp() + $5, $3, '{AuditActions.BackupScheduleSet}', tenant_id, $10, (select f.values from former f), $4::jsonb - 'reason', $4::jsonb from changed
            """,
            tenant.Value, cron, actor, JsonSerializer.Serialize(new { cron, keep, reason }, Json.Options), clock.Offset, Number(keep.Last), Number(keep.Daily), Number(keep.Weekly), Number(keep.Days), AuditOrigin.Current));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static int? Number(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    private static NpgsqlParameter Number(int? number) => new() { Value = (object?)number ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer };

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
