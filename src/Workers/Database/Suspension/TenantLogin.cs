using Saga.Tenancy.Connections;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Suspension;

/// <summary>Bars the tenant's own login and its login for replicas, and admits them again, under the fencing token of the steps that create and drop it. Thread-safe.</summary>
internal sealed class TenantLogin(FencedSessions fenced, PlacementReplica replica, TenantConnections connections)
{
    /// <summary>The logins may not sign in any more, and their sessions are ended. Password, limits and rights stay.</summary>
    /// <returns>The own login; null for a tenant without a placement.</returns>
    public async Task<string?> BarAsync(StepContext context, CancellationToken cancellationToken)
    {
        await connections.CloseAsync(context.TenantId);
        var login = await WithAsync(context, TenantRoles.CloseAsync, cancellationToken);
        await replica.BarAsync(context, cancellationToken);
        return login;
    }

    /// <returns>The own login; null for a tenant without a placement.</returns>
    public async Task<string?> AdmitAsync(StepContext context, CancellationToken cancellationToken)
    {
        var login = await WithAsync(context, TenantRoles.AdmitAsync, cancellationToken);
        await replica.AdmitAsync(context, cancellationToken);
        return login;
    }

    private async Task<string?> WithAsync(StepContext context, Func<ServerSession, string, CancellationToken, Task> change, CancellationToken cancellationToken)
    {
        if (context.Tenant.Placed is not { } placement)
            return null;
        var place = TenantSchema.Of(placement);
        await using var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken);
        await change(session, place.Login, cancellationToken);
        return place.Login;
    }
}
