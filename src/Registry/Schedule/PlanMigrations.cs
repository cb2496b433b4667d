using Dapper;
using Npgsql;
using Saga.Registry.Audit;

namespace Saga.Registry.Schedule;

/// <summary>Schedules the migration of a plan's tenants to its current version.</summary>
internal static class PlanMigrations
{
    // How long a tenant's migration may wait for its other operations.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(1);

    // One command for each tenant, which runs and is refused for itself. A tenant that waits for one already gets no second.
    private const string Sql =
        $"""
        with added as (
            insert into scheduled_commands (id, kind, tenant_id, command, run_at, expires_at, needs_approval, requested_by, created_at, next_try_at)
            select gen_random_uuid(), @kind, t.id, jsonb_build_object('tenantId', t.id, 'targetPlan', t.plan), at, at + @Patience, false, @actor, at, at
            from (select now() + @Offset as at) clock, tenants t join plans p on p.name = t.plan
            where t.plan = @plan and t.status = 'active' and t.plan_version <> p.current_version and not exists (
                select from scheduled_commands s where s.tenant_id = t.id and s.kind = @kind and s.state = 'scheduled' and s.command ->> 'targetPlan' = t.plan)
            returning id, kind, tenant_id, run_at, expires_at)
        insert into audit (actor, action, tenant_id, origin, detail)
        select @actor, '{AuditActions.CommandSchedule}', tenant_id, @Origin, jsonb_build_object('id', id, 'kind', kind, 'runAt', run_at, 'expiresAt', expires_at) from added
        """;

    /// <param name="transaction">The transaction that made the version current.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="kind">The kind of a command that takes <c>tenantId</c> and <c>targetPlan</c>.</param>
    /// <param name="actor">Who orders it.</param>
    /// <param name="clock">The registry's clock.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>How many were scheduled.</returns>
    public static Task<int> ScheduleAsync(
        NpgsqlTransaction transaction, string plan, string kind, string actor, RegistryClock clock, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            Sql, new { plan, kind, actor, Patience, clock.Offset, Origin = AuditOrigin.Current }, transaction, cancellationToken: cancellationToken));
}
