using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Preparation;

/// <summary>What the preparation of a server has not given to the session's user, in words. Empty for a superuser, who needs nothing.</summary>
internal static class ServerLacks
{
    /// <summary>Whether product databases can be copied from <see cref="PreparedNames.Blank"/>.</summary>
    private const string HasBlank = $"exists (select from pg_database where datname = '{PreparedNames.Blank}' and datistemplate and not datallowconn)";

    public static Task<bool> IsSuperuserAsync(ServerSession session, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>("select rolsuper from pg_roles where rolname = current_user", cancellationToken);

    public static Task<IReadOnlyList<string>> ListAsync(ServerSession session, CancellationToken cancellationToken) => session.QueryAsync<string>(
        $"""
        select lacks.what
        from pg_roles r
        left join pg_roles m on m.rolname = '{PreparedNames.Mover}'
        cross join lateral (values
            (not r.rolcreatedb, 'the attribute CREATEDB'),
            (not r.rolcreaterole, 'the attribute CREATEROLE'),
            (not pg_has_role(r.oid, 'pg_signal_backend'::name, 'USAGE'), 'membership in pg_signal_backend'),
            (m.oid is null or not m.rolbypassrls, 'the role {PreparedNames.Mover} with BYPASSRLS'),
            (m.oid is not null and not pg_has_role(r.oid, m.oid, 'MEMBER'), 'membership in {PreparedNames.Mover}'),
            (m.oid is not null and not has_parameter_privilege(m.oid, 'session_replication_role', 'SET'), 'SET on session_replication_role for {PreparedNames.Mover}'),
            (exists (select from pg_database d where d.datname ~ '^saga_(rows|schemas_[0-9]+)$' and not pg_has_role(r.oid, d.datdba, 'USAGE')),
                'ownership of databases that workers created as a superuser'),
            (not {HasBlank}, 'the database {PreparedNames.Blank}')) lacks (is_so, what)
        where r.rolname = current_user and not r.rolsuper and lacks.is_so
        """,
        cancellationToken);

    /// <summary>
    /// How many transactions may be prepared at the same time. Above 0, a tenant's locks may outlive its session, and nobody but the tenant and a
    /// superuser can end them.
    /// </summary>
    public static Task<int> MaxPreparedTransactionsAsync(ServerSession session, CancellationToken cancellationToken) =>
        session.ScalarAsync<int>("select current_setting('max_prepared_transactions')::int", cancellationToken);

    /// <summary>The database that a new product database is copied from.</summary>
    /// <exception cref="StepFailureException">The server is not prepared: <c>server-not-prepared</c>.</exception>
    public static async Task<string> EmptyDatabaseAsync(ServerSession session, CancellationToken cancellationToken)
    {
        if (await IsSuperuserAsync(session, cancellationToken))
            return "template0";
        if (await session.ScalarAsync<bool>($"select {HasBlank}", cancellationToken))
            return PreparedNames.Blank;
        throw StepFailureException.Permanent(
            "server-not-prepared", $"Database server '{session.Server}' is not prepared: it has no complete database {PreparedNames.Blank}.",
            "Run 'Saga.Host prepare-server' once for this server, then replay the operation.", DatabaseFailures.System(session.Server));
    }
}
