using System.Runtime.CompilerServices;
using Dapper;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Workers.Runtime;

namespace Saga.Workers.Identity.Embedded;

/// <summary>A small directory in the registry's database, for the embedded mode. Users cannot sign in with it. Thread-safe.</summary>
internal sealed class EmbeddedDirectory(NpgsqlDataSource registry) : IDirectory
{
    private const string SystemName = "embedded-identity";
    private const long Lock = 0x5A6A_0011;
    private const int Page = 100;
    private const string UserColumns =
        "id::text as Id, email as Email, made_for as MadeFor, enabled as Enabled, email_verified as EmailVerified, required_actions as RequiredActions";

    private const string OrganizationColumns =
        """
        o.id::text as Id, o.alias as Alias, o.name as Name, o.enabled as Enabled, o.description as Description,
        array(select d.domain from embedded_identity.organization_domains d where d.organization_id = o.id order by 1) as Domains
        """;

    public string System => SystemName;

    public async Task<DirectoryOrganization> EnsureOrganizationAsync(OrganizationSpec wanted, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            // One at a time, because a concurrent insert for the same tenant may hit the alias's unique index before the tenant's.
            await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@Lock)", new { Lock }, transaction, cancellationToken: cancellationToken));
            await LeaseGuard.RequireAsync(cancellationToken);
            var row = new { Id = Guid.CreateVersion7(), Tenant = wanted.Tenant.Value, Alias = wanted.Slug.ToString(), Name = await NameAsync(transaction, wanted, cancellationToken), wanted.Description };
            var made = await connection.QuerySingleAsync<(Guid Id, string Alias)>(new CommandDefinition(
                """
                insert into embedded_identity.organizations (id, tenant_id, alias, name, description) values (@Id, @Tenant, @Alias, @Name, @Description)
                on conflict (tenant_id) do update set name = excluded.name, enabled = true
                returning id, alias
                """, row, transaction, cancellationToken: cancellationToken));
            if (made.Alias != row.Alias)
                throw DirectoryFailures.AliasChanged(wanted.Tenant, wanted.Slug, made.Alias, SystemName);
            if (wanted.Domain is not null)
                await LinkDomainAsync(transaction, made.Id, wanted.Domain, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "organizations_alias" })
        {
            throw DirectoryFailures.AliasHeld(wanted.Slug, SystemName);
        }

        return (await FindOrganizationAsync(wanted.Tenant, cancellationToken))!;
    }

    public async Task<DirectoryOrganization?> FindOrganizationAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        var row = await FirstAsync<OrganizationRow>(
            $"select {OrganizationColumns} from embedded_identity.organizations o where o.tenant_id = @Tenant", new { Tenant = tenant.Value }, cancellationToken);
        return row is null ? null : Describe(row);
    }

    private static DirectoryOrganization Describe(OrganizationRow row) =>
        new() { Id = row.Id, Alias = row.Alias, Name = row.Name, Enabled = row.Enabled, Domains = row.Domains, Description = row.Description };

    // It is in the registry's own database.
    public bool IsShared => false;

    public async IAsyncEnumerable<TenantOrganization> OrganizationsAsync(TenantId? tenant, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (Guid? after = Guid.Empty; after is not null;)
        {
            var page = await ListAsync<OrganizationRow>(
                $"""
                select o.tenant_id as Tenant, {OrganizationColumns} from embedded_identity.organizations o
                where o.tenant_id > @after and (@Only::uuid is null or o.tenant_id = @Only) order by o.tenant_id limit @Page
                """,
                new { after, Only = tenant?.Value, Page }, cancellationToken);
            foreach (var row in page)
                yield return new(new TenantId(row.Tenant), null, Describe(row));
            after = page.Count < Page ? null : page[^1].Tenant;
        }
    }

    public Task DeleteOrganizationAsync(TenantId tenant, CancellationToken cancellationToken) =>
        ExecuteAsync("delete from embedded_identity.organizations where tenant_id = @Tenant", new { Tenant = tenant.Value }, cancellationToken);

    public async Task<DirectoryOrganization?> UpdateOrganizationAsync(OrganizationUpdate update, CancellationToken cancellationToken)
    {
        var wanted = update.Wanted;
        await using (var connection = await registry.OpenConnectionAsync(cancellationToken))
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            await connection.ExecuteAsync(new CommandDefinition("select pg_advisory_xact_lock(@Lock)", new { Lock }, transaction, cancellationToken: cancellationToken));
            await LeaseGuard.RequireAsync(cancellationToken);
            var id = await connection.ExecuteScalarAsync<Guid?>(new CommandDefinition(
                "update embedded_identity.organizations set name = @Name, description = @Description where tenant_id = @Tenant returning id",
                new { Tenant = wanted.Tenant.Value, Name = await NameAsync(transaction, wanted, cancellationToken), wanted.Description }, transaction, cancellationToken: cancellationToken));
            if (id is not { } organization)
                return null;
            await connection.ExecuteAsync(new CommandDefinition(
                "delete from embedded_identity.organization_domains where organization_id = @organization and domain = any(@Gone)",
                new { organization, Gone = update.Remove.Select(d => d.ToLowerInvariant()).ToArray() }, transaction, cancellationToken: cancellationToken));
            foreach (var domain in update.Apply([]))
                await LinkDomainAsync(transaction, organization, domain, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return await FindOrganizationAsync(wanted.Tenant, cancellationToken);
    }

    public async Task<TenantMembers> CountMembersAsync(TenantId tenant, CancellationToken cancellationToken) => new(
        await MembersAsync(tenant, cancellationToken),
        await FirstAsync<long>("select count(*) from embedded_identity.users where made_for = @Tenant", new { Tenant = tenant.Value }, cancellationToken));

    public async IAsyncEnumerable<DirectoryMember> MembersAsync(TenantId tenant, string? userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var read = new NpgsqlCommand(
            """
            select u.id::text, u.email, u.enabled, u.email_verified from embedded_identity.organizations o
            join embedded_identity.members m on m.organization_id = o.id join embedded_identity.users u on u.id = m.user_id
            where o.tenant_id = $1 and ($2 is null or u.id::text = $2) order by u.id
            """,
            connection);
        read.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenant.Value });
        read.Parameters.Add(new NpgsqlParameter { Value = (object?)userId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var row = await read.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            yield return new() { Id = row.GetString(0), Username = row.GetString(1), Email = row.GetString(1), Enabled = row.GetBoolean(2), EmailVerified = row.GetBoolean(3) };
    }

    public async Task<RemovedMembers> RemoveOrganizationAsync(
        TenantId tenant, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, Action<RemovedMembers>? removing, CancellationToken cancellationToken)
    {
        var removed = new RemovedMembers(0, 0);
        foreach (var email in await ListAsync<string>(
            """
            select u.email from embedded_identity.users u
            where u.made_for = @Tenant and not exists (
                select from embedded_identity.members m join embedded_identity.organizations o on o.id = m.organization_id where m.user_id = u.id and o.tenant_id <> @Tenant)
            """,
            new { Tenant = tenant.Value }, cancellationToken))
        {
            await ReleaseUserAsync(tenant, email, mayDelete, cancellationToken);
            removed = await FindUserAsync(email, cancellationToken) is null ? removed with { Users = removed.Users + 1 } : removed with { Memberships = removed.Memberships + 1 };
            removing?.Invoke(removed);
        }

        removed = removed with { Memberships = removed.Memberships + await MembersAsync(tenant, cancellationToken) };
        await DeleteOrganizationAsync(tenant, cancellationToken);
        removing?.Invoke(removed);
        return removed;
    }

    private Task<long> MembersAsync(TenantId tenant, CancellationToken cancellationToken) => FirstAsync<long>(
        "select count(*) from embedded_identity.members m join embedded_identity.organizations o on o.id = m.organization_id where o.tenant_id = @Tenant",
        new { Tenant = tenant.Value }, cancellationToken);

    // There are no sessions: each token is requested anew and names enabled organisations only.
    public async Task<DisabledOrganization?> DisableOrganizationAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        await SetEnabledAsync(tenant, enabled: false, cancellationToken);
        var members = await FirstAsync<int?>(
            """
            select (select count(*)::int from embedded_identity.members m where m.organization_id = o.id)
            from embedded_identity.organizations o where o.tenant_id = @Tenant
            """,
            new { Tenant = tenant.Value }, cancellationToken);
        return members is { } count ? new(count, SignedOut: 0) : null;
    }

    public Task EnableOrganizationAsync(TenantId tenant, CancellationToken cancellationToken) => SetEnabledAsync(tenant, enabled: true, cancellationToken);

    private Task SetEnabledAsync(TenantId tenant, bool enabled, CancellationToken cancellationToken) =>
        ExecuteAsync("update embedded_identity.organizations set enabled = @enabled where tenant_id = @Tenant", new { Tenant = tenant.Value, enabled }, cancellationToken);

    public async Task<DirectoryUser> EnsureUserAsync(TenantId tenant, string email, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            """
            insert into embedded_identity.users (id, email, made_for, required_actions) values (@Id, @Email, @Tenant, @Actions)
            on conflict (email) do nothing
            """,
            new { Id = Guid.CreateVersion7(), Email = email.ToLowerInvariant(), Tenant = tenant.Value, Actions = RequiredActions.OfNewUser.ToArray() }, cancellationToken);
        var user = await FindUserAsync(email, cancellationToken)
            ?? throw DirectoryFailures.UserGone(email, SystemName);
        if (!user.Enabled)
            throw DirectoryFailures.Disabled(email, SystemName);
        return user.EmailVerified || user.MadeFor is not null ? user : throw DirectoryFailures.Unverified(email, SystemName);
    }

    public async Task<DirectoryUser?> FindUserAsync(string email, CancellationToken cancellationToken)
    {
        var row = await FirstAsync<UserRow>($"select {UserColumns} from embedded_identity.users where email = @Email", new { Email = email.ToLowerInvariant() }, cancellationToken);
        return row is null ? null : Describe(row);
    }

    private static DirectoryUser Describe(UserRow row) => new()
    {
        Id = row.Id,
        Email = row.Email,
        MadeFor = row.MadeFor is { } tenant ? new TenantId(tenant) : null,
        Enabled = row.Enabled,
        EmailVerified = row.EmailVerified,
        RequiredActions = row.RequiredActions,
    };

    public async Task EnsureMemberAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(
                "insert into embedded_identity.members (organization_id, user_id) values (@Organization, @User) on conflict do nothing",
                new { Organization = Id(organizationId), User = Id(userId) }, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            throw NotThere($"The organisation {organizationId} or the user {userId} does not exist.");
        }
    }

    public Task EndMemberAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "delete from embedded_identity.members where organization_id = @Organization and user_id = @User",
            new { Organization = Id(organizationId), User = Id(userId) }, cancellationToken);

    public async IAsyncEnumerable<DirectoryUser> UsersOfDomainAsync(string domain, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var row in await ListAsync<UserRow>(
            $"select {UserColumns} from embedded_identity.users where right(email, length(@End)) = @End order by email", new { End = $"@{domain}" }, cancellationToken))
        {
            yield return Describe(row);
        }
    }

    public Task<bool> IsMemberAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        FirstAsync<bool>(
            "select exists (select 1 from embedded_identity.members where organization_id = @Organization and user_id = @User)",
            new { Organization = Id(organizationId), User = Id(userId) }, cancellationToken)!;

    public async Task EnsureAdministersAsync(string organizationId, string userId, CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync(
                "insert into embedded_identity.administrators (organization_id, user_id) values (@Organization, @User) on conflict do nothing",
                new { Organization = Id(organizationId), User = Id(userId) }, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            throw NotThere($"The user {userId} is not a member of the organisation {organizationId}.");
        }
    }

    public Task EndAdministersAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        ExecuteAsync(
            "delete from embedded_identity.administrators where organization_id = @Organization and user_id = @User",
            new { Organization = Id(organizationId), User = Id(userId) }, cancellationToken);

    public Task<bool> AdministersAsync(string organizationId, string userId, CancellationToken cancellationToken) =>
        FirstAsync<bool>(
            "select exists (select 1 from embedded_identity.administrators where organization_id = @Organization and user_id = @User)",
            new { Organization = Id(organizationId), User = Id(userId) }, cancellationToken)!;

    // There is no sign-in page to link to.
    public Task<bool> SendRequiredActionsAsync(DirectoryUser user, CancellationToken cancellationToken) => Task.FromResult(false);

    // As the interface's default, but a user that was deleted meanwhile is created anew by the next attempt.
    public async Task<DirectoryUser?> EnsureAdministratorAsync(TenantId tenant, string? organizationId, string email, CancellationToken cancellationToken)
    {
        organizationId ??= (await FindOrganizationAsync(tenant, cancellationToken))?.Id;
        if (organizationId is null)
            return null;
        var user = await EnsureUserAsync(tenant, email, cancellationToken);
        try
        {
            await EnsureMemberAsync(organizationId, user.Id, cancellationToken);
            await EnsureAdministersAsync(organizationId, user.Id, cancellationToken);
        }
        catch (StepFailureException e) when (e.Failure.Kind == FailureKind.Permanent)
        {
            if ((await FindUserAsync(email, cancellationToken))?.Id != user.Id)
                throw DirectoryFailures.UserGone(email, SystemName);
            throw;
        }

        return user;
    }

    public async Task ReleaseUserAsync(
        TenantId tenant, string email, Func<DirectoryUser, CancellationToken, Task<bool>> mayDelete, CancellationToken cancellationToken)
    {
        if (await FindUserAsync(email, cancellationToken) is not { } found)
            return;
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // A separate statement takes the lock, so that the next one sees memberships committed in the meantime.
        var user = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "select id from embedded_identity.users where id = @Id for update",
            new { Id = Guid.Parse(found.Id) }, transaction, cancellationToken: cancellationToken));
        if (user is null)
            return;
        await LeaseGuard.RequireAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            delete from embedded_identity.members m using embedded_identity.organizations o
            where m.user_id = @user and o.id = m.organization_id and o.tenant_id = @Tenant
            """,
            new { user, Tenant = tenant.Value }, transaction, cancellationToken: cancellationToken));
        if (await mayDelete(found, cancellationToken))
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "delete from embedded_identity.users u where u.id = @user and not exists (select 1 from embedded_identity.members m where m.user_id = u.id)",
                new { user }, transaction, cancellationToken: cancellationToken));
        }

        await transaction.CommitAsync(cancellationToken);
    }

    // Called under the lock, so that a free name stays free.
    private static async Task<string> NameAsync(NpgsqlTransaction transaction, OrganizationSpec wanted, CancellationToken cancellationToken)
    {
        var holders = (await transaction.Connection!.QueryAsync<(string Name, Guid Tenant)>(new CommandDefinition(
            "select name, tenant_id from embedded_identity.organizations where name = any(@Names)",
            new { Names = wanted.Names.ToArray() }, transaction, cancellationToken: cancellationToken))).ToDictionary(h => h.Name, h => h.Tenant, StringComparer.Ordinal);
        return wanted.Names.FirstOrDefault(n => holders.TryGetValue(n, out var tenant) && tenant == wanted.Tenant.Value)
            ?? wanted.Names.FirstOrDefault(n => !holders.ContainsKey(n))
            ?? throw DirectoryFailures.NamesHeld(wanted, SystemName);
    }

    private static async Task LinkDomainAsync(NpgsqlTransaction transaction, Guid organization, string domain, CancellationToken cancellationToken)
    {
        domain = domain.ToLowerInvariant();
        var holder = await transaction.Connection!.QuerySingleAsync<Guid>(new CommandDefinition(
            """
            insert into embedded_identity.organization_domains (domain, organization_id) values (@domain, @organization)
            on conflict (domain) do update set domain = excluded.domain
            returning organization_id
            """, new { domain, organization }, transaction, cancellationToken: cancellationToken));
        if (holder != organization)
            throw DirectoryFailures.DomainHeld(domain, SystemName);
    }

    private static Guid Id(string text) =>
        Guid.TryParse(text, out var id) ? id : throw NotThere($"'{text}' is not an id of the embedded directory.");

    private static StepFailureException NotThere(string message) =>
        StepFailureException.Permanent("identity-missing", message, $"Replay the operation from the step '{StepNames.Identity}'.", SystemName);

    private async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await LeaseGuard.RequireAsync(cancellationToken);
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    private async Task<IReadOnlyList<T>> ListAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }

    private async Task<T?> FirstAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        return await connection.QueryFirstOrDefaultAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }
}
