using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Registry.Leases;

namespace Saga.Registry.Holds;

/// <summary>Finds holds that their operation has not announced yet.</summary>
public static class HoldAnnouncements
{
    /// <summary>Marks the hold that the operation set as announced, in the transaction that publishes it.</summary>
    /// <returns>The hold; null when it is announced already, or was lifted.</returns>
    public static async Task<Hold?> TakeAsync(LeasedTransaction transaction, TenantId tenant, Guid operation, CancellationToken cancellationToken)
    {
        var row = await transaction.Connection.QuerySingleOrDefaultAsync<(string Code, string Effect, string Actor, string Reason, DateTime CreatedAt)?>(new CommandDefinition(
            "update holds set unannounced = null where tenant_id = @Value and unannounced = @operation returning code, effect, actor, reason, created_at",
            new { tenant.Value, operation }, transaction.Transaction, cancellationToken: cancellationToken));
        return row is not { } hold ? null : new(HoldNames.Code(hold.Code), HoldNames.Effect(hold.Effect), hold.Actor, hold.Reason, new DateTimeOffset(hold.CreatedAt));
    }
}
