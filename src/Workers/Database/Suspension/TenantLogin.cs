using Saga.Tenancy.Connections;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Suspension;

/// <summary>Bars the tenant's own login and admits it again, under the fence of the steps that create and drop it. Thread-safe.</summary>
internal sealed class TenantLogin(FencedSessions fenced, TenantConnections connections)
{
    /// <summary>The login may not sign in any more, and its sessions are ended. Password, limits and rights stay.</summary>
    /// <returns>The login; null for a tenant without a placement.</returns>
    public async Task<string?> BarAsync(StepContext context, CancellationToken cancellationToken)
    {
        await connections.CloseAsync(context.TenantId);
        return await WithAsync(context, TenantRoles.CloseAsync, cancellationToken);
    }

    /// <returns>The login; null for a tenant without a placement.</returns>
    public Task<string?> AdmitAsync(StepContext context, CancellationToken cancellationToken) => WithAsync(context, TenantRoles.AdmitAsync, cancellationToken);

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
