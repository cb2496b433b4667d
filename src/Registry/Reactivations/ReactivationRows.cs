using Dapper;
using Npgsql;
using NpgsqlTypes;
using Saga.Contracts.Identifiers;
using Saga.Registry.Audit;
using Saga.Registry.Holds;
using Saga.Registry.Intake;
using Saga.Registry.Leases;
using Saga.Registry.Notifications;

namespace Saga.Registry.Reactivations;

/// <summary>Which holds a reactivation lifts, and how far it has opened the tenant's place.</summary>
public static class ReactivationRows
{
    /// <summary>Fixes the codes in the transaction that accepts the reactivation.</summary>
    /// <param name="tenant">The tenant, whose row the transaction has locked.</param>
    /// <param name="operation">The reactivation.</param>
    /// <param name="codes">The codes to lift; those of them that do not stand are left out.</param>
    public static NpgsqlBatchCommand BeginCommand(TenantId tenant, Guid operation, IEnumerable<HoldCode> codes) => CommandLedger.Statement(
        "insert into reactivations (operation_id, tenant_id, codes) select $2, $1, array(select code from holds where tenant_id = $1 and code = any($3))",
        tenant.Value, operation, Parameter.Array(codes, HoldNames.Of, NpgsqlDbType.Text));

    /// <summary>Lets the tenant's place open although the holds to be lifted still stand.</summary>
    public static Task OpenPlaceAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("update reactivations set opening = true where operation_id = @operation", new { operation }, cancellationToken);

    /// <summary>Forgets the reactivation, so that the place is closed again.</summary>
    public static Task ForgetAsync(LeasedTransaction transaction, Guid operation, CancellationToken cancellationToken) =>
        transaction.ExecuteAsync("delete from reactivations where operation_id = @operation", new { operation }, cancellationToken);

    /// <summary>Lifts the holds and forgets the reactivation. Each hold that is lifted is audited, and runtimes are notified within the commit.</summary>
    /// <returns>What was lifted and what remains; null when the operation has lifted its holds already.</returns>
    public static async Task<LiftedHolds?> LiftAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        var lifted = (await transaction.Connection.QueryAsync<(string Code, DateTime At)>(new CommandDefinition(
            $"""
            with pinned as (delete from reactivations where operation_id = @operation returning tenant_id, codes),
            lifted as (
                -- What is taken back has no row any more: one that is there is a newer deprovisioning, and the hold is its own.
                delete from holds h using pinned p where h.tenant_id = p.tenant_id and h.code = any(p.codes)
                    and (h.code <> '{HoldNames.Of(HoldCode.Deletion)}' or not exists (select from deprovisionings d where d.tenant_id = h.tenant_id))
                returning h.tenant_id, h.code, h.effect, h.reason),
            audited as (
                insert into audit (actor, origin, action, tenant_id, operation_id, before, detail)
                select o.requested_by, @Origin, '{AuditActions.HoldLift}', l.tenant_id, o.id, jsonb_build_object('effect', l.effect, 'reason', l.reason),
                    jsonb_build_object('code', l.code, 'effect', l.effect, 'reason', coalesce(o.input->>'reason', 'Reactivated.'))
                from lifted l cross join operations o where o.id = @operation),
            told as (select pg_notify('{RegistryChannels.Tenants}', tenant_id::text) from pinned),
            touched as (update tenants t set version = version + 1, updated_at = now() from pinned p where t.id = p.tenant_id and exists (select from lifted))
            select code, now() from lifted cross join (select count(*) from told) told order by code
            """,
            new { operation, Origin = AuditOrigin.Current }, transaction.Transaction, cancellationToken: cancellationToken))).ToList();
        if (lifted.Count == 0)
            return null;
        var remaining = await transaction.Connection.QueryAsync<string>(new CommandDefinition(
            "select code from holds where tenant_id = @Value order by code", new { tenant.Value }, transaction.Transaction, cancellationToken: cancellationToken));
        return new([.. lifted.Select(l => HoldNames.Code(l.Code))], [.. remaining.Select(HoldNames.Code)], new DateTimeOffset(lifted[0].At));
    }
}

/// <summary>The holds that a reactivation lifted.</summary>
/// <param name="Codes">The lifted codes.</param>
/// <param name="Remaining">The codes that still stand.</param>
/// <param name="At">When, by the registry's clock.</param>
public sealed record LiftedHolds(IReadOnlyList<HoldCode> Codes, IReadOnlyList<HoldCode> Remaining, DateTimeOffset At);
