using System.Globalization;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Inventory;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Walls;

namespace Saga.Workers.Database.Tiers;

/// <summary>Creates and drops roles. Every call may be repeated.</summary>
internal static class TenantRoles
{
    /// <summary>Creates a role without login, as a group.</summary>
    public static Task EnsureGroupAsync(ServerSession session, string role, CancellationToken cancellationToken) =>
        session.ExecuteAsync(Group(role), cancellationToken);

    /// <summary>Creates a role without login that owns objects. This user and the mover get its rights.</summary>
    public static Task EnsureOwnerAsync(ServerSession session, string role, CancellationToken cancellationToken) =>
        session.ExecuteAsync(Owner(role), cancellationToken);

    /// <summary>Creates or updates the tenant's own login with the credential's password and the connection limit, in one transaction. Settings that
    /// the tenant gave to the login or to the shared role are reset.</summary>
    /// <param name="session">A session on the server.</param>
    /// <param name="credential">The credential.</param>
    /// <param name="connections">The connection limit.</param>
    /// <param name="installation">The installation whose id the roles bear.</param>
    /// <param name="owner">The role that owns the tenant's place, which is created too; null for none.</param>
    /// <param name="memberOf">The role whose rights the login gets; null for none.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    public static Task EnsureLoginAsync(
        ServerSession session, Credential credential, int connections, Guid installation, string? owner, string? memberOf, CancellationToken cancellationToken)
    {
        var role = Sql.Name(credential.Username);
        var limit = connections.ToString(CultureInfo.InvariantCulture);
        return session.ExecuteAsync(
            $"""
            {(owner is null ? "" : Owner(owner) + InstallationMark.OnRole(owner, installation))}
            {Group(credential.Username)}
            {InstallationMark.OnRole(credential.Username, installation)}
            {Restrict(credential.Username)}
            alter role {role} login nocreatedb nocreaterole inherit connection limit {limit}
                password {Sql.Text(ScramVerifier.Create(credential.Password))};
            {LoginSettings.Reset(credential.Username)}
            {(memberOf is null ? "" : LoginSettings.Reset(memberOf) + LoginSettings.Join(memberOf, credential.Username))}
            """,
            cancellationToken);
    }

    /// <summary>Gives this user the role's rights, if it has not got them.</summary>
    public static Task JoinAsync(ServerSession session, string role, CancellationToken cancellationToken) => session.ExecuteAsync(Join(role), cancellationToken);

    /// <summary>Changes the login's connection limit. Sessions that exist stay.</summary>
    public static Task LimitAsync(ServerSession session, string login, int connections, CancellationToken cancellationToken) =>
        session.ExecuteAsync($"alter role {Sql.Name(login)} connection limit {connections.ToString(CultureInfo.InvariantCulture)}", cancellationToken);

    public static Task SetSearchPathAsync(ServerSession session, string role, string database, string schema, CancellationToken cancellationToken) =>
        session.ExecuteAsync(SearchPath(role, database, schema), cancellationToken);

    public static string SearchPath(string role, string database, string schema) =>
        $"alter role {Sql.Name(role)} in database {Sql.Name(database)} set search_path = {Sql.Name(schema)};";

    /// <summary>Makes every transaction of the login read-only unless it says otherwise. What it may not write, it may not write anyway.</summary>
    public static Task SetReadOnlyAsync(ServerSession session, string login, CancellationToken cancellationToken) =>
        session.ExecuteAsync($"alter role {Sql.Name(login)} set default_transaction_read_only = on", cancellationToken);

    /// <summary>Which of these roles there are.</summary>
    public static Task<IReadOnlyList<string>> ExistingAsync(ServerSession session, IReadOnlyList<string> roles, CancellationToken cancellationToken) =>
        session.QueryAsync<string>("select rolname::text from pg_roles where rolname = any(@Roles) order by 1", cancellationToken, new { Roles = roles.ToArray() });

    /// <summary>Disables the login and ends its sessions, so that nothing is written after this.</summary>
    public static async Task CloseAsync(ServerSession session, string login, CancellationToken cancellationToken)
    {
        if (!await ExistsAsync(session, login, cancellationToken))
            return;
        await session.ExecuteAsync($"alter role {Sql.Name(login)} nologin", cancellationToken);
        await session.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = @login", cancellationToken, new { login });
    }

    /// <summary>Lets a login that <see cref="CloseAsync"/> disabled sign in again. Its password, limit and rights are as they were.</summary>
    public static async Task AdmitAsync(ServerSession session, string login, CancellationToken cancellationToken)
    {
        if (await ExistsAsync(session, login, cancellationToken))
            await session.ExecuteAsync($"alter role {Sql.Name(login)} login", cancellationToken);
    }

    /// <summary>Drops everything that the role owns or was granted in the session's database. The role need not exist.</summary>
    public static async Task DropOwnedAsync(ServerSession session, string role, CancellationToken cancellationToken)
    {
        if (await ExistsAsync(session, role, cancellationToken))
            await session.ExecuteAsync($"{Join(role)} drop owned by {Sql.Name(role)} cascade", cancellationToken);
    }

    /// <summary>Drops the role. Call it when only shared objects (grants on databases) may still reference the role.</summary>
    public static async Task DropAsync(ServerSession session, string role, CancellationToken cancellationToken)
    {
        await DropOwnedAsync(session, role, cancellationToken);
        await session.ExecuteAsync($"drop role if exists {Sql.Name(role)}", cancellationToken);
    }

    private static string Group(string role) =>
        $"do $do$ begin if not exists (select from pg_roles where rolname = {Sql.Text(role)}) then create role {Sql.Name(role)} nologin; end if; end $do$;";

    private static string Owner(string role) =>
        $"""
        {Group(role)}
        {Join(role)}
        do $do$ begin
            if not (select rolsuper from pg_roles where rolname = current_user)
                and exists (select from pg_roles m where m.rolname = '{PreparedNames.Mover}' and not pg_has_role(m.oid, {Sql.Text(role)}::name, 'USAGE')) then
                grant {Sql.Name(role)} to {PreparedNames.Mover};
            end if;
        end $do$;
        """;

    // Only a member of a role may use what the role owns. A superuser needs no membership.
    private static string Join(string role) =>
        $"""
        do $do$ begin
            if not pg_has_role({Sql.Text(role)}, 'USAGE') then
                execute format('grant %I to %I', {Sql.Text(role)}, current_user);
            end if;
        exception when unique_violation or duplicate_object then null;
        end $do$;
        """;

    // Nobody but a superuser may even name these attributes, so they are named only if a superuser has set one.
    private static string Restrict(string role) =>
        $"""
        do $do$ begin
            if exists (select from pg_roles where rolname = {Sql.Text(role)} and (rolsuper or rolreplication or rolbypassrls)) then
                alter role {Sql.Name(role)} nosuperuser noreplication nobypassrls;
            end if;
        end $do$;
        """;

    public static Task<bool> ExistsAsync(ServerSession session, string role, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>("select exists (select 1 from pg_roles where rolname = @role)", cancellationToken, new { role });
}
