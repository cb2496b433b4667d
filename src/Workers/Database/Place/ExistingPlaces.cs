using Saga.Registry.Placements;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Place;

/// <summary>
/// Writes the places of tenants that an earlier version provisioned. Leaves out a tenant whose login is closed: its compensation is under
/// way and would not come back for the rows. Thread-safe.
/// </summary>
internal sealed class ExistingPlaces(PlacementStore placements)
{
    public async Task WriteAsync(ServerSession session, string database, CancellationToken cancellationToken)
    {
        var placed = await placements.LoginsAsync(session.Server, database, cancellationToken);
        await session.ExecuteAsync(
            """
            with placed as (
                select * from unnest(@tenants, @logins, @epochs) as p (tenant_id, login, epoch)
                where exists (select from pg_roles where rolname = p.login and rolcanlogin)),
            places as (
                insert into saga.place (tenant_id, epoch, mode) select tenant_id, epoch, 'open' from placed on conflict do nothing)
            insert into saga.logins (login, tenant_id) select login::name, tenant_id from placed on conflict do nothing
            """,
            cancellationToken,
            new
            {
                tenants = placed.Select(p => p.TenantId).ToArray(),
                logins = placed.Select(p => p.Login).ToArray(),
                epochs = placed.Select(p => p.Epoch).ToArray(),
            });
    }
}
