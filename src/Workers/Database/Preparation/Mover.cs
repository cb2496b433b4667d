using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Preparation;

/// <summary>Writes tenants' rows in spite of the policies, which show this user nothing of a place that is closed.</summary>
internal static class Mover
{
    // A superuser bypasses policies without it.
    public const string Become =
        $"do $do$ begin if not (select rolsuper from pg_roles where rolname = current_user) then set local role {PreparedNames.Mover}; end if; end $do$";

    /// <summary>Runs the query as the mover, within a transaction if there is one. The default value if this user may not become the mover.</summary>
    /// <param name="session">The session.</param>
    /// <param name="sql">The query.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <param name="isLong">Whether only <paramref name="cancellationToken"/> ends it.</param>
    public static async Task<T?> ScalarAsync<T>(ServerSession session, string sql, CancellationToken cancellationToken, bool isLong = false)
    {
        if (!await IsAvailableAsync(session, cancellationToken))
            return default;
        var whole = $"{Become}; {sql}; reset role";
        return await (isLong ? session.ScalarLongAsync<T>(whole, cancellationToken) : session.ScalarAsync<T>(whole, cancellationToken));
    }

    /// <summary>Whether this user may become the mover.</summary>
    public static Task<bool> IsAvailableAsync(ServerSession session, CancellationToken cancellationToken) => session.ScalarAsync<bool>(
        $"select exists (select from pg_roles where rolname = '{PreparedNames.Mover}' and pg_has_role(oid, 'MEMBER'))", cancellationToken);

    /// <summary>Runs the statement in a transaction of its own, as the mover, who has the rights of each table's owner.</summary>
    public static Task ExecuteAsync(ServerSession session, string sql, CancellationToken cancellationToken, object? parameters = null) => session.InTransactionAsync(
        async () =>
        {
            await session.ExecuteAsync(Become, cancellationToken);
            await session.ExecuteAsync(sql, cancellationToken, parameters);
        },
        cancellationToken);
}
