using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;

namespace Saga.Workers.Database.Tiers;

/// <summary>
/// The role of the tenants whose schemas in one database were adopted. Whoever gives it to a login, and whoever drops it with the last one, take turns:
/// otherwise a removal could take the right to connect from a login that an adoption has just made.
/// </summary>
internal static class AdoptedRole
{
    /// <summary>Waits for a turn, which lasts until the session ends.</summary>
    /// <param name="session">A session in <see cref="DatabaseServers.Maintenance"/>.</param>
    /// <param name="database">The database with the schemas.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public static Task WaitAsync(ServerSession session, string database, CancellationToken cancellationToken) =>
        session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@database, 3))", cancellationToken, new { database });

    /// <summary>Drops the role if no login of a tenant has it any more. The server says so, because the registry knows tenants until all of them is gone. Wait first.</summary>
    public static async Task DropUnusedAsync(ServerSession session, string database, CancellationToken cancellationToken)
    {
        var users = SharedRoles.Users(database);
        if (!await session.ScalarAsync<bool>(
            "select exists (select from pg_auth_members g join pg_roles r on r.oid = g.roleid join pg_roles m on m.oid = g.member where r.rolname = @users and m.rolname ~ @Logins)",
            cancellationToken, new { users, Logins = LoginSettings.Tenants }))
        {
            await TenantRoles.DropAsync(session, users, cancellationToken);
        }
    }
}
