using System.Security.Cryptography;
using Saga.Contracts.Failures;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Product.Check;

/// <summary>
/// A database of its own for a check, with a tenant's schema as in the shared tiers, and roles of its own. Its login has no rights beyond it, so
/// files that need more fail as they should. Dropped at the end; what a killed check left is dropped by the next one.
/// </summary>
internal sealed class ScratchDatabase : IAsyncDisposable
{
    private const string Prefix = "saga_check_";
    private readonly DatabaseServers servers;
    private readonly ServerSession session;
    private readonly string name;
    private readonly string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    private ScratchDatabase(DatabaseServers servers, ServerSession session, string id)
    {
        this.servers = servers;
        this.session = session;
        name = Prefix + id;
        Schema = $"t_{id.PadRight(32, '0')}";
    }

    public string Schema { get; }

    public string Owner => name + "_owner";

    /// <summary>Has the rights of tenants.</summary>
    public string Users => name + "_users";

    /// <summary>Belongs to the tenant that <see cref="BelongToAsync"/> says; may become <see cref="Owner"/> and <see cref="Users"/>.</summary>
    public string Login => name;

    /// <param name="session">A session in the maintenance database. It holds the lock that protects the database, so keep it open.</param>
    public static async Task<ScratchDatabase> CreateAsync(DatabaseServers servers, ServerSession session, CancellationToken cancellationToken)
    {
        await DropLeftAsync(session, cancellationToken);
        var scratch = new ScratchDatabase(servers, session, Guid.NewGuid().ToString("n")[..12]);
        try
        {
            await scratch.CreateAsync(cancellationToken);
            return scratch;
        }
        catch
        {
            await scratch.DisposeAsync();
            throw;
        }
    }

    /// <summary>A session of the provisioner. Only one session of the scratch database may be open at a time.</summary>
    public Task<ServerSession> OpenAsync(CancellationToken cancellationToken) => servers.OpenSecondAsync(session.Server, name, cancellationToken);

    /// <summary>A session of the login.</summary>
    public Task<ServerSession> OpenAsLoginAsync(CancellationToken cancellationToken) => servers.OpenSecondAsync(session.Server, name, Login, password, cancellationToken);

    /// <summary>Ties the login to a tenant whose place is open.</summary>
    public Task BelongToAsync(ServerSession inside, Guid tenant, CancellationToken cancellationToken) => inside.ExecuteAsync(
        """
        insert into saga.place (tenant_id, epoch, mode) values (@tenant, 1, 'open') on conflict do nothing;
        insert into saga.logins as l (login, tenant_id) values (@Login, @tenant) on conflict (login) do update set tenant_id = excluded.tenant_id;
        """,
        cancellationToken, new { tenant, Login });

    public async ValueTask DisposeAsync() => await DropAsync(session, name, CancellationToken.None);

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@name, 3))", cancellationToken, new { name });
        await TenantRoles.EnsureOwnerAsync(session, Owner, cancellationToken);
        await TenantRoles.EnsureGroupAsync(session, Users, cancellationToken);
        await session.ExecuteAsync(
            $"""
            create role {Sql.Name(Login)} login password {Sql.Text(ScramVerifier.Create(password))};
            grant {Sql.Name(Owner)}, {Sql.Name(Users)} to {Sql.Name(Login)};
            """,
            cancellationToken);
        var empty = await ServerLacks.EmptyDatabaseAsync(session, cancellationToken);
        await session.ExecuteAsync($"create database {Sql.Name(name)} template {empty} encoding 'UTF8' connection limit 0", cancellationToken);
        await session.ExecuteAsync(
            $"""
            revoke all on database {Sql.Name(name)} from public;
            grant connect on database {Sql.Name(name)} to {Sql.Name(Login)};
            alter database {Sql.Name(name)} connection limit -1;
            """,
            cancellationToken);
        await using var inside = await OpenAsync(cancellationToken);
        await PlaceSchema.EnsureAsync(inside, cancellationToken);
        await inside.ExecuteAsync($"create schema {Sql.Name(Schema)} authorization {Sql.Name(Owner)}", cancellationToken);
        await BelongToAsync(inside, Guid.Empty, cancellationToken);
    }

    private static async Task DropLeftAsync(ServerSession session, CancellationToken cancellationToken)
    {
        var left = await session.QueryAsync<string>(
            $"""
            with named as (
                select datname::text as name from pg_database where datname ~ '^{Prefix}[0-9a-f]+$'
                union select substring(rolname from '^{Prefix}[0-9a-f]+') from pg_roles where rolname ~ '^{Prefix}[0-9a-f]+(_owner|_users)?$')
            select name from named where pg_try_advisory_lock(hashtextextended(name, 3))
            """,
            cancellationToken);
        foreach (var one in left)
        {
            try
            {
                await DropAsync(session, one, cancellationToken);
            }
            catch (StepFailureException e) when (e.Failure.Kind == FailureKind.Permanent || e.Failure.Code == DatabaseFailures.InUseCode)
            {
                // Another user's, or an administrator looks into it. This check does not depend on it.
            }
        }
    }

    private static async Task DropAsync(ServerSession session, string name, CancellationToken cancellationToken)
    {
        await session.DropDatabaseAsync(name, cancellationToken);
        await session.ExecuteAsync($"drop role if exists {Sql.Name(name)}, {Sql.Name(name + "_users")}, {Sql.Name(name + "_owner")}", cancellationToken);
    }
}
