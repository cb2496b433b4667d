using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Walls;

/// <summary>
/// Finds the databases that PUBLIC may use, regardless of who created them. PostgreSQL opens every new database to all logins, and tenants have
/// logins.
/// </summary>
internal static class OpenDatabases
{
    /// <summary>
    /// Databases other than its own that the session's login may connect to, by the catalog. A database that is being created (limit
    /// 0) or dropped (-2) accepts no connections. The rights come from the row just read, because has_database_privilege() may use an
    /// older or newer version of the list.
    /// </summary>
    public const string ToThisLogin =
        """
        select coalesce(array_agg(datname::text order by datname), '{}') from pg_database
        where datname <> current_database() and datallowconn and datconnlimit not in (0, -2)
          and exists (
              select 1 from aclexplode(coalesce(datacl, acldefault('d', datdba))) granted
              where granted.privilege_type = 'CONNECT' and (granted.grantee = 0 or pg_has_role(granted.grantee, 'USAGE')))
        """;

    /// <summary>Databases in which PUBLIC may connect or create temporary tables.</summary>
    public static Task<IReadOnlyList<string>> ListAsync(ServerSession session, CancellationToken cancellationToken) => session.QueryAsync<string>(
        """
        select datname::text from pg_database
        where datallowconn and datconnlimit not in (0, -2)
          and exists (
              select 1 from aclexplode(coalesce(datacl, acldefault('d', datdba))) granted
              where granted.privilege_type in ('CONNECT', 'TEMPORARY') and granted.grantee = 0)
        order by 1
        """,
        cancellationToken);

    /// <summary>The statement that closes them, for a superuser or their owner.</summary>
    public static string Closing(params IEnumerable<string> databases) => $"REVOKE CONNECT, TEMPORARY ON DATABASE {string.Join(", ", databases.Select(Quoted))} FROM PUBLIC;";

    private static string Quoted(string name) =>
        name.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_') && !char.IsAsciiDigit(name[0]) ? name : Sql.Name(name);
}
