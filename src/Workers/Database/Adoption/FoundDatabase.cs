namespace Saga.Workers.Database.Adoption;

/// <summary>A database as the server lists it.</summary>
/// <param name="Owner">The role that owns it.</param>
/// <param name="ConnectionLimit">-1 for none.</param>
/// <param name="IsOpen">Whether it can be connected to at all: it is no template, and neither being made nor being dropped.</param>
/// <param name="MayConnect">Whether this user may connect to it.</param>
/// <param name="PublicRights">What every login may do with it, as in GRANT; null for nothing.</param>
internal sealed record FoundDatabase(string Owner, int ConnectionLimit, bool IsOpen, bool MayConnect, string? PublicRights)
{
    /// <summary>Reads the database <c>@Database</c>.</summary>
    public const string Query =
        """
        select r.rolname::text as Owner, d.datconnlimit as ConnectionLimit, not d.datistemplate and d.datallowconn and d.datconnlimit not in (0, -2) as IsOpen,
            has_database_privilege(d.oid, 'CONNECT') as MayConnect,
            (select string_agg(lower(granted.privilege_type), ', ' order by granted.privilege_type) from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) granted where granted.grantee = 0) as PublicRights
        from pg_database d join pg_roles r on r.oid = d.datdba where d.datname = @Database
        """;
}
