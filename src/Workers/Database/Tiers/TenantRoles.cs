using System.Globalization;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Tiers;

/// <summary>Makes and unmakes roles. Every call may run again.</summary>
internal static class TenantRoles
{
    /// <summary>A role that owns or groups, and nobody can sign in as.</summary>
    public static Task EnsureGroupAsync(ServerSession session, string role, CancellationToken cancellationToken) =>
        session.ExecuteAsync(Group(role), cancellationToken);

    /// <summary>The tenant's own login, with the credential's password and at most so many connections: one transaction.</summary>
    /// <param name="owner">The role that owns the tenant's place, made too; null for none.</param>
    /// <param name="memberOf">The role whose rights the login has; null for none.</param>
    public static Task EnsureLoginAsync(
        ServerSession session, Credential credential, int connections, string? owner, string? memberOf, CancellationToken cancellationToken)
    {
        var role = Sql.Name(credential.Username);
        var limit = connections.ToString(CultureInfo.InvariantCulture);
        return session.ExecuteAsync(
            $"""
            {(owner is null ? "" : Group(owner))}
            {Group(credential.Username)}
            alter role {role} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit
                connection limit {limit} password {Sql.Text(ScramVerifier.Create(credential.Password))};
            {(memberOf is null ? "" : $"grant {Sql.Name(memberOf)} to {role};")}
            """,
            cancellationToken);
    }

    public static Task SetSearchPathAsync(ServerSession session, string role, string database, string schema, CancellationToken cancellationToken) =>
        session.ExecuteAsync(SearchPath(role, database, schema), cancellationToken);

    public static string SearchPath(string role, string database, string schema) =>
        $"alter role {Sql.Name(role)} in database {Sql.Name(database)} set search_path = {Sql.Name(schema)};";

    /// <summary>Nobody signs in as the role any more, and those who had are gone: nothing is written after this.</summary>
    public static async Task CloseAsync(ServerSession session, string login, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(session, login, cancellationToken))
            return;
        await session.ExecuteAsync($"alter role {Sql.Name(login)} nologin", cancellationToken);
        await session.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = @login", cancellationToken, new { login });
    }

    /// <summary>Drops what the role owns and was granted in the session's database, in which it may not exist.</summary>
    public static async Task DropOwnedAsync(ServerSession session, string role, CancellationToken cancellationToken)
    {
        if (await ExistsAsync(session, role, cancellationToken))
            await session.ExecuteAsync($"drop owned by {Sql.Name(role)} cascade", cancellationToken);
    }

    /// <summary>Call it when nothing but shared objects (grants on databases) may still name the role.</summary>
    public static async Task DropAsync(ServerSession session, string role, CancellationToken cancellationToken)
    {
        await DropOwnedAsync(session, role, cancellationToken);
        await session.ExecuteAsync($"drop role if exists {Sql.Name(role)}", cancellationToken);
    }

    private static string Group(string role) =>
        $"do $do$ begin if not exists (select from pg_roles where rolname = {Sql.Text(role)}) then create role {Sql.Name(role)} nologin; end if; end $do$;";

    private static Task<bool> ExistsAsync(ServerSession session, string role, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>("select exists (select 1 from pg_roles where rolname = @role)", cancellationToken, new { role });
}
