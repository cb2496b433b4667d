using Saga.Registry.Placements;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Place;

/// <summary>The rows of one tenant in a product database's schema <c>saga</c>: its place, and the logins that belong to it.</summary>
internal static class PlaceRows
{
    /// <summary>Writes them; an existing place keeps its mode. Call it under the tenant's lock, after the login was created.</summary>
    public static Task WriteAsync(ServerSession session, TenantPlacement placement, Guid tenant, CancellationToken cancellationToken) =>
        WriteAsync(session, tenant, placement.Epoch, placement.Login, cancellationToken);

    /// <inheritdoc cref="WriteAsync(ServerSession, TenantPlacement, Guid, CancellationToken)"/>
    public static Task WriteAsync(ServerSession session, Guid tenant, long epoch, string login, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            """
            insert into saga.place as p (tenant_id, epoch, mode) values (@tenant, @epoch, 'open')
            on conflict (tenant_id) do update set epoch = excluded.epoch, updated_at = now() where p.epoch < excluded.epoch;
            insert into saga.logins as l (login, tenant_id) values (@login, @tenant)
            on conflict (login) do update set tenant_id = excluded.tenant_id where l.tenant_id <> excluded.tenant_id;
            """,
            cancellationToken, new { tenant, epoch, login });

    /// <summary>Removes one login, so that it has no place any more. The schema need not exist.</summary>
    public static async Task RemoveLoginAsync(ServerSession session, string login, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync<bool>("select to_regclass('saga.logins') is not null", cancellationToken))
            await session.ExecuteAsync("delete from saga.logins where login = @login", cancellationToken, new { login });
    }

    /// <summary>Removes them. The schema need not exist.</summary>
    public static async Task RemoveAsync(ServerSession session, Guid tenant, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync<bool>("select to_regclass('saga.place') is not null", cancellationToken))
            await session.ExecuteAsync("delete from saga.place where tenant_id = @tenant", cancellationToken, new { tenant });
    }
}
