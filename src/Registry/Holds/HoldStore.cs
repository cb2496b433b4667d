using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Intake;
using Saga.Registry.Notifications;

namespace Saga.Registry.Holds;

/// <summary>
/// Sets and lifts holds of tenants, independently of their status and running operations. Each change is audited, and runtimes are
/// notified within its commit, because they must not miss it. Thread-safe.
/// </summary>
public sealed class HoldStore(NpgsqlDataSource registry)
{
    /// <summary>Sets a hold, or changes the tenant's existing hold with this code.</summary>
    /// <returns>Whether anything changed; also false when there is no such tenant.</returns>
    public Task<bool> SetAsync(TenantId tenant, HoldCode code, HoldEffect effect, string actor, string reason, CancellationToken cancellationToken) =>
        ChangeAsync(SetCommand(tenant, code, effect, actor, reason), cancellationToken);

    /// <summary>Lifts the hold with this code; holds with other codes stay.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> LiftAsync(TenantId tenant, HoldCode code, string actor, string reason, CancellationToken cancellationToken) =>
        ChangeAsync(LiftCommand(tenant, code, actor, reason), cancellationToken);

    /// <summary>The tenant's holds, oldest first.</summary>
    public async Task<IReadOnlyList<Hold>> ListAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await using var command = registry.CreateCommand("select code, effect, actor, reason, created_at from holds where tenant_id = $1 order by created_at, code");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        var holds = new List<Hold>();
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            holds.Add(new(HoldNames.Code(row.GetString(0)), HoldNames.Effect(row.GetString(1)), row.GetString(2), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4)));
        return holds;
    }

    /// <summary>The same as <see cref="SetAsync"/>, for the caller's transaction, such as the one that accepts a command.</summary>
    /// <param name="operation">The operation that announces the hold; null for a hold without an announcement.</param>
    public static NpgsqlBatchCommand SetCommand(TenantId tenant, HoldCode code, HoldEffect effect, string actor, string reason, Guid? operation = null) => CommandLedger.Statement(
        $"""
        with former as (select effect, reason from holds where tenant_id = $1 and code = $2),
        changed as (
            insert into holds as h (tenant_id, code, effect, actor, reason, unannounced) select id, $2, $3, $4, $5, $6 from tenants where id = $1
            on conflict (tenant_id, code) do update set effect = excluded.effect, actor = excluded.actor, reason = excluded.reason, unannounced = excluded.unannounced
            where (h.effect, h.reason) is distinct from (excluded.effect, excluded.reason)
            returning tenant_id),
        audited as (
            insert into audit (actor, action, tenant_id, origin, before, after, detail)
            select $4, '{AuditActions.HoldSet}', tenant_id, $7, (select to_jsonb(f) from former f), jsonb_build_object('effect', $3::text, 'reason', $5::text),
                jsonb_build_object('code', $2::text, 'effect', $3::text, 'reason', $5::text)
            from changed)
        select pg_notify('{RegistryChannels.Tenants}', tenant_id::text) from changed
        """,
        tenant.Value, HoldNames.Of(code), HoldNames.Of(effect), actor, reason,
        new NpgsqlParameter { Value = (object?)operation ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid }, AuditOrigin.Current);

    /// <summary>The same as <see cref="LiftAsync"/>, for the caller's transaction.</summary>
    public static NpgsqlBatchCommand LiftCommand(TenantId tenant, HoldCode code, string actor, string reason) => CommandLedger.Statement(
        $"""
        with changed as (delete from holds where tenant_id = $1 and code = $2 returning tenant_id, effect, reason),
        audited as (
            insert into audit (actor, action, tenant_id, origin, before, detail)
            select $3, '{AuditActions.HoldLift}', tenant_id, $5, jsonb_build_object('effect', effect, 'reason', reason), jsonb_build_object('code', $2::text, 'effect', effect, 'reason', $4::text) from changed)
        select pg_notify('{RegistryChannels.Tenants}', tenant_id::text) from changed
        """,
        tenant.Value, HoldNames.Of(code), actor, reason, AuditOrigin.Current);

    private async Task<bool> ChangeAsync(NpgsqlBatchCommand change, CancellationToken cancellationToken)
    {
        await using var batch = registry.CreateBatch();
        batch.BatchCommands.Add(change);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken);
    }
}
