using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Place;

/// <summary>
/// PostgreSQL's functions that every login may execute in a new database, and no tenant may: advisory locks, which the fence of
/// provisioning uses, and large objects, which belong to no schema and follow no policy.
/// </summary>
internal static class OpenFunctions
{
    /// <summary>Which functions of <c>pg_proc</c> these are, in every overload.</summary>
    public const string Condition =
        "pronamespace = 'pg_catalog'::regnamespace and (proname ~ '^pg_(try_)?advisory_' or proname ~ '^lo_' or proname in ('loread', 'lowrite', 'pg_largeobject_size'))";

    /// <summary>Closes them in the session's database to everyone but the current user. Only the functions' owner, a superuser, may run it.</summary>
    public const string Statement =
        $"""
        do $do$ declare f regprocedure; begin
            for f in select oid from pg_proc where {Condition} and has_function_privilege('public', oid, 'EXECUTE') loop
                execute format('grant execute on function %s to %I', f, current_user);
                execute format('revoke execute on function %s from public', f);
            end loop;
        end $do$;
        """;

    /// <summary>Lets the role execute them, whoever else may. Only their owner, a superuser, may run it.</summary>
    public static string GrantTo(string role) =>
        $"""
        do $do$ declare f regprocedure; begin
            for f in select oid from pg_proc where {Condition} loop
                execute format('grant execute on function %s to %I', f, {Sql.Text(role)});
            end loop;
        end $do$;
        """;

    /// <summary>Closes them if the session's user may. Otherwise the database must come from a template in which they are closed; verification checks it.</summary>
    /// <returns>Whether they are closed.</returns>
    public static async Task<bool> CloseAsync(ServerSession session, CancellationToken cancellationToken)
    {
        if (await CountAsync(session, cancellationToken) == 0)
            return true;
        if (!await session.ScalarAsync<bool>("select rolsuper from pg_roles where rolname = current_user", cancellationToken))
            return false;
        await session.ExecuteAsync(Statement, cancellationToken);
        return true;
    }

    /// <summary>How many are open to every login in the session's database.</summary>
    public static Task<long> CountAsync(ServerSession session, CancellationToken cancellationToken) => session.ScalarAsync<long>(
        $"select count(*) from pg_proc where {Condition} and has_function_privilege('public', oid, 'EXECUTE')", cancellationToken);
}
