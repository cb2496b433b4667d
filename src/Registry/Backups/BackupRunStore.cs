using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Registry.Holds;

namespace Saga.Registry.Backups;

/// <summary>When tenants are backed up by their schedules. Any number of schedulers may use it at once. Thread-safe.</summary>
public sealed class BackupRunStore(NpgsqlDataSource registry, RegistryClock clock)
{
    // Tenants that are active and are not going to be removed.
    private static readonly string Eligible =
        $"t.status = 'active' and not exists (select from holds h where h.tenant_id = t.id and h.code = '{HoldNames.Of(HoldCode.Deletion)}')";

    /// <summary>What a tenant's next run is computed from.</summary>
    public static string Basis(string cron, string timezone, int jitterMinutes) => FormattableString.Invariant($"{cron} @ {timezone} @ {jitterMinutes}");

    /// <summary>Tenants whose next run is not known, or was computed from something else. Those with a run that is due are not among them.</summary>
    /// <param name="usual">The expression of tenants and plans without their own.</param>
    /// <param name="plans">The expressions of plans.</param>
    /// <param name="jitterMinutes">The jitter.</param>
    /// <param name="limit">The most tenants.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    public async Task<IReadOnlyList<ScheduledTenant>> ListStaleAsync(
        string usual, IReadOnlyDictionary<string, string> plans, int jitterMinutes, int limit, CancellationToken cancellationToken)
    {
        await using var find = registry.CreateCommand(
            $"""
            select t.id, t.plan, t.timezone, s.cron
            from tenants t left join backup_schedules s on s.tenant_id = t.id left join backup_runs r on r.tenant_id = t.id
            where {Eligible} and (r.next_due_at is null or r.next_due_at > now() + $5)
                and r.basis is distinct from coalesce(s.cron, $2::jsonb ->> t.plan, $1) || ' @ ' || t.timezone || ' @ ' || $3::int
            order by t.id limit $4
            """);
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = usual });
        find.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(plans), NpgsqlDbType = NpgsqlDbType.Jsonb });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = jitterMinutes });
        find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        find.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var tenants = new List<ScheduledTenant>();
        await using var row = await find.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            tenants.Add(new(new(row.GetGuid(0)), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)));
        return tenants;
    }

    /// <summary>Records a tenant's next run. A run that is due meanwhile stays.</summary>
    public async Task PlanAsync(TenantId tenant, string basis, DateTimeOffset? next, CancellationToken cancellationToken)
    {
        await using var plan = registry.CreateCommand(
            """
            insert into backup_runs as r (tenant_id, basis, next_due_at, try_at) values ($1, $2, $3, $3)
            on conflict (tenant_id) do update set basis = excluded.basis, next_due_at = excluded.next_due_at, try_at = excluded.try_at,
                -- Without a schedule no backup is missing.
                unconfirmed_since = case when excluded.next_due_at is not null then r.unconfirmed_since end,
                alerted_at = case when excluded.next_due_at is not null then r.alerted_at end
            where r.next_due_at is null or r.next_due_at > now() + $4
            """);
        plan.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        plan.Parameters.Add(new NpgsqlParameter<string> { TypedValue = basis });
        plan.Parameters.Add(Time(next));
        plan.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        await plan.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes runs that are due, the longest overdue first. Each can be taken again after <paramref name="putOff"/>, in case the caller dies.</summary>
    public async Task<IReadOnlyList<DueBackup>> TakeDueAsync(int limit, TimeSpan putOff, CancellationToken cancellationToken)
    {
        await using var take = registry.CreateCommand(
            $"""
            with due as (
                select r.tenant_id from backup_runs r join tenants t on t.id = r.tenant_id
                where r.try_at <= now() + $3 and {Eligible} order by r.try_at limit $1 for no key update of r skip locked),
            taken as (update backup_runs r set try_at = now() + $3 + $2 from due where r.tenant_id = due.tenant_id returning r.tenant_id, r.next_due_at)
            select t.id, t.plan, t.timezone, s.cron, k.next_due_at, now()
            from taken k join tenants t on t.id = k.tenant_id left join backup_schedules s on s.tenant_id = t.id order by k.next_due_at
            """);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = putOff });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var taken = new List<DueBackup>();
        await using var row = await take.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            taken.Add(new(
                new(new(row.GetGuid(0)), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3)),
                row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5) + clock.Offset));
        }

        return taken;
    }

    /// <summary>Ends a run, and records the next one. Without effect when another scheduler has ended it.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="due">When the run was due.</param>
    /// <param name="ran">Whether it should have made a backup; false when the schedule was switched off meanwhile.</param>
    /// <param name="operation">Its operation; null when it was refused.</param>
    /// <param name="basis">What <paramref name="next"/> was computed from.</param>
    /// <param name="next">The next run; null for none.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public async Task EndAsync(TenantId tenant, DateTimeOffset due, bool ran, Guid? operation, string basis, DateTimeOffset? next, CancellationToken cancellationToken)
    {
        await using var end = registry.CreateCommand(
            """
            update backup_runs set
                basis = $5, next_due_at = $6, try_at = $6,
                last_due_at = case when $3 then $2 else last_due_at end, last_operation_id = case when $3 then $4 else last_operation_id end,
                unconfirmed_since = case when $6::timestamptz is null then null when $3 then coalesce(unconfirmed_since, $2) else unconfirmed_since end
            where tenant_id = $1 and next_due_at = $2
            """);
        end.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        end.Parameters.Add(Time(due));
        end.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = ran });
        end.Parameters.Add(new NpgsqlParameter { Value = (object?)operation ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        end.Parameters.Add(new NpgsqlParameter<string> { TypedValue = basis });
        end.Parameters.Add(Time(next));
        await end.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Notes which runs were followed by a complete backup.</summary>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        // A run that came after the backup began is not confirmed by it.
        await using var confirm = registry.CreateCommand(
            """
            update backup_runs r set unconfirmed_since = case when r.last_due_at > b.at then r.last_due_at end, alerted_at = null
            from (select r.tenant_id, max(b.started_at) as at from backup_runs r join backups b on b.tenant_id = r.tenant_id
                where r.unconfirmed_since is not null and b.state = 'completed' and b.started_at >= r.unconfirmed_since group by r.tenant_id) b
            where r.tenant_id = b.tenant_id and r.unconfirmed_since <= b.at
            """);
        await confirm.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>How many tenants have no complete backup although their schedule ran longer ago than <paramref name="late"/>. Call <see cref="ConfirmAsync"/> before.</summary>
    public async Task<long> CountMissingAsync(TimeSpan late, CancellationToken cancellationToken)
    {
        await using var count = registry.CreateCommand(
            $"select count(*) from backup_runs r join tenants t on t.id = r.tenant_id where r.unconfirmed_since <= now() + $2 - $1 and {Eligible}");
        count.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = late });
        count.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Takes those of them for which no alert was raised yet.</summary>
    public async Task<IReadOnlyList<MissingBackup>> TakeMissingAsync(TimeSpan late, int limit, CancellationToken cancellationToken)
    {
        await using var take = registry.CreateCommand(
            $"""
            update backup_runs r set alerted_at = now() + $3
            from (
                select r.tenant_id, t.slug from backup_runs r join tenants t on t.id = r.tenant_id
                where r.unconfirmed_since <= now() + $3 - $1 and r.alerted_at is null and {Eligible}
                order by r.unconfirmed_since limit $2 for no key update of r skip locked) m
            where r.tenant_id = m.tenant_id returning r.tenant_id, m.slug, r.unconfirmed_since, r.last_operation_id
            """);
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = late });
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        take.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = clock.Offset });
        var missing = new List<MissingBackup>();
        await using var row = await take.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            missing.Add(new(new(row.GetGuid(0)), Slug.Parse(row.GetString(1)), row.GetFieldValue<DateTimeOffset>(2), row.IsDBNull(3) ? null : row.GetGuid(3)));
        return missing;
    }

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) => clock.NowAsync(registry, cancellationToken);

    private static NpgsqlParameter Time(DateTimeOffset? time) => new() { Value = (object?)time?.ToUniversalTime() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}
