using Dapper;
using Npgsql;
using Saga.Registry.Audit;
using Saga.Registry.Plans;

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
            select gen_random_uuid(), @ApplyKind, t.id, jsonb_build_object('tenantId', t.id, 'targetPlan', t.plan), at, at + @Patience, @NeedsApproval, @Actor, at, case when @NeedsApproval then at + @Patience else at end
            from (select now() + @Offset as at) clock, tenants t join plans p on p.name = t.plan
            where t.plan = @Name and t.status = 'active' and t.plan_version <> p.current_version and not exists (
                select from scheduled_commands s where s.tenant_id = t.id and s.kind = @ApplyKind and s.state = 'scheduled' and s.command ->> 'targetPlan' = t.plan)
            returning id, kind, tenant_id, run_at, expires_at)
        insert into audit (actor, action, tenant_id, origin, detail)
        select @Actor, '{AuditActions.CommandSchedule}', tenant_id, @Origin, jsonb_build_object('id', id, 'kind', kind, 'runAt', run_at, 'expiresAt', expires_at, 'needsApproval', @NeedsApproval) from added
        """;

    /// <param name="transaction">The transaction that made the version current.</param>
    /// <param name="order">What was ordered.</param>
    /// <param name="clock">The registry's clock.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    /// <returns>How many were scheduled.</returns>
    public static Task<int> ScheduleAsync(NpgsqlTransaction transaction, PlanWriteOrder order, RegistryClock clock, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            Sql,
            new
            {
                order.Plan.Name, order.ApplyKind, order.Actor, Patience = order.ApprovedWithin ?? Patience, NeedsApproval = order.ApprovedWithin is not null, clock.Offset,
                Origin = AuditOrigin.Current,
            },
            transaction, cancellationToken: cancellationToken));
}
