using System.Globalization;
using Npgsql;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Inventory;

/// <summary>Work on one database, schema, role or place.</summary>
/// <param name="session">The session that looks and acts. It holds the tenant's lock.</param>
/// <param name="reopen">Opens another such session.</param>
/// <param name="servers">The servers.</param>
/// <param name="key">The thing.</param>
/// <param name="scope">This installation.</param>
/// <param name="create">Makes a missing login or place again, in sessions of its own.</param>
/// <param name="setMode">Writes a place's mode, in sessions of its own.</param>
internal sealed class DatabaseRepairSession(
    ServerSession session, Func<CancellationToken, Task<ServerSession>> reopen, DatabaseServers servers, DriftKey key, InventoryScope scope,
    Func<DriftFinding, CancellationToken, Task> create, Func<DriftFinding, CancellationToken, Task> setMode) : IRepairSession
{
    private const string Open = "open";
    private const string Grants = "grants";

    private ServerSession? session = session;

    private ServerSession Session => session ?? throw new InvalidOperationException("The session was given up.");

    private bool IsDatabase => key.Resource is DriftResources.Database or DriftResources.RestoredDatabase;

    public async Task<FoundThing?> LookAsync(CancellationToken cancellationToken)
    {
        using var listing = new ServerListing(servers, Session.Server, scope, [], _ => Task.CompletedTask);
        return await listing.FindAsync(Session, key, cancellationToken);
    }

    public async Task SetRightAsync(DriftFinding finding, CancellationToken cancellationToken)
    {
        if (finding.Kind == DriftKind.Missing || key.Resource == DriftResources.Place)
        {
            // The steps of provisioning take the same lock.
            await Session.DisposeAsync();
            session = null;
            await (finding.Kind == DriftKind.Missing ? create : setMode)(finding, cancellationToken);
            session = await reopen(cancellationToken);
            return;
        }

        foreach (var difference in finding.Differences)
            await SetBackAsync(difference, cancellationToken);
    }

    public string? WhyNot(FoundThing found) => IsDatabase && found.Facts.GetValueOrDefault(DriftFacts.Usable) == DriftFacts.No
        ? "Its removal was interrupted, and nobody can use it any more, so there is nothing to quarantine. Drop the database by hand."
        : null;

    public string Rename(Guid quarantine) => key.Resource == DriftResources.Schema
        ? DriftResources.SchemaKey(key.Server!, DriftResources.SchemaIn(key).Database, QuarantinedThing.NameOf(quarantine)).Name
        : QuarantinedThing.NameOf(quarantine);

    public async Task<IReadOnlyDictionary<string, string>> StateAsync(CancellationToken cancellationToken)
    {
        var state = new Dictionary<string, string>(StringComparer.Ordinal);
        if (key.Resource == DriftResources.Role)
            state[DriftFacts.SignsIn] = DriftFacts.Of(await Session.ScalarAsync<bool>("select rolcanlogin from pg_roles where rolname = @Name", cancellationToken, new { key.Name }));
        else if (IsDatabase)
            state[Open] = DriftFacts.Of(await Session.ScalarAsync<bool>("select datallowconn from pg_database where datname = @Name", cancellationToken, new { key.Name }));
        else
            state[Grants] = await GrantsAsync(DriftResources.SchemaIn(key).Schema, cancellationToken);
        return state;
    }

    public async Task<bool> BarAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        var (before, after) = NamesOf(thing);
        if ((await ExistsAsync(after, cancellationToken) ? after : await ExistsAsync(before, cancellationToken) ? before : null) is not { } name)
            return false;
        await JoinAsync(name, cancellationToken);
        switch (key.Resource)
        {
            case DriftResources.Role:
                await Session.ExecuteAsync($"alter role {Sql.Name(name)} nologin; {Renaming("role", name, after)} {InstallationMark.OnRole(after, scope.Installation)}", cancellationToken);
                await Session.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = @after::name", cancellationToken, new { after });
                break;
            case DriftResources.Schema:
                await Session.ExecuteAsync($"{Renaming("schema", name, after)} {await RevokingAsync(name, after, cancellationToken)}", cancellationToken);
                break;
            default:
                // Not in one transaction: others must see that nobody gets in before those who are in it are sent away.
                await Session.ExecuteAsync($"alter database {Sql.Name(name)} with allow_connections false", cancellationToken);
                await Session.ExecuteAsync("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = @name::name", cancellationToken, new { name });
                await Session.ExecuteAsync($"{Renaming("database", name, after)} {InstallationMark.OnDatabase(after, scope.Installation)}", cancellationToken);
                break;
        }

        return true;
    }

    public async Task ReleaseAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        var (before, after) = NamesOf(thing);
        var isRenamed = await ExistsAsync(after, cancellationToken);
        var isThere = await ExistsAsync(before, cancellationToken);
        if (isRenamed && isThere)
            throw DriftFailures.NameTaken(before);
        if (!isRenamed && !isThere)
            return;
        var name = isRenamed ? after : before;
        await JoinAsync(name, cancellationToken);
        switch (key.Resource)
        {
            case DriftResources.Role:
                await Session.ExecuteAsync(
                    $"{Renaming("role", name, before)} {(thing.Was.GetValueOrDefault(DriftFacts.SignsIn) == DriftFacts.Yes ? $"alter role {Sql.Name(before)} login;" : "")}", cancellationToken);
                break;
            case DriftResources.Schema:
                await Session.ExecuteAsync($"{Renaming("schema", name, before)} {await GrantingAsync(before, thing.Was.GetValueOrDefault(Grants) ?? "", cancellationToken)}", cancellationToken);
                break;
            default:
                if (thing.Was.GetValueOrDefault(Open) == DriftFacts.Yes)
                    await Session.ExecuteAsync($"alter database {Sql.Name(name)} with allow_connections true", cancellationToken);
                await Session.ExecuteAsync(Renaming("database", name, before), cancellationToken);
                break;
        }
    }

    public async Task<bool?> IsBarredAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        var (before, after) = NamesOf(thing);
        if (!await ExistsAsync(after, cancellationToken))
            return await ExistsAsync(before, cancellationToken) ? false : null;
        return key.Resource switch
        {
            DriftResources.Role => await Session.ScalarAsync<bool>("select not rolcanlogin from pg_roles where rolname = @after::name", cancellationToken, new { after }),
            DriftResources.Schema => (await GrantsAsync(after, cancellationToken)).Length == 0,
            _ => await Session.ScalarAsync<bool>("select not datallowconn from pg_database where datname = @after::name", cancellationToken, new { after }),
        };
    }

    public async Task<string?> RemoveAsync(QuarantinedThing thing, CancellationToken cancellationToken)
    {
        var (_, after) = NamesOf(thing);
        await JoinAsync(after, cancellationToken);
        switch (key.Resource)
        {
            case DriftResources.Role:
                try
                {
                    await TenantRoles.DropAsync(Session, after, cancellationToken);
                    return null;
                }
                catch (StepFailureException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.DependentObjectsStillExist })
                {
                    return $"The role still owns something, or has rights on it: {error.Failure.Message}";
                }

            case DriftResources.Schema:
                await Session.ExecuteAsync($"drop schema if exists {Sql.Name(after)} cascade", cancellationToken);
                return null;
            default:
                await Session.DropDatabaseAsync(after, cancellationToken);
                return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (session is not null)
            await session.DisposeAsync();
    }

    // The rest of a schema's name is the database, which this session is in.
    private (string Before, string After) NamesOf(QuarantinedThing thing) => key.Resource == DriftResources.Schema
        ? (DriftResources.SchemaIn(thing.Key).Schema, DriftResources.SchemaIn(thing.RenamedKey).Schema)
        : (thing.Key.Name, thing.Renamed);

    private static string Renaming(string what, string from, string to) => from == to ? "" : $"alter {what} {Sql.Name(from)} rename to {Sql.Name(to)};";

    private Task<bool> ExistsAsync(string name, CancellationToken cancellationToken) => key.Resource switch
    {
        DriftResources.Role => TenantRoles.ExistsAsync(Session, name, cancellationToken),
        DriftResources.Schema => Session.ScalarAsync<bool>("select exists (select from pg_namespace where nspname = @name::name)", cancellationToken, new { name }),
        _ => Session.HasDatabaseAsync(name, cancellationToken),
    };

    // Only a member of its owner may change it.
    private async Task JoinAsync(string name, CancellationToken cancellationToken)
    {
        var owner = key.Resource switch
        {
            DriftResources.Role => null,
            DriftResources.Schema => await Session.ScalarAsync<string>("select pg_get_userbyid(nspowner)::text from pg_namespace where nspname = @name::name", cancellationToken, new { name }),
            _ => await Session.ScalarAsync<string>("select pg_get_userbyid(datdba)::text from pg_database where datname = @name::name", cancellationToken, new { name }),
        };
        if (owner is not null)
            await TenantRoles.JoinAsync(Session, owner, cancellationToken);
    }

    private async Task SetBackAsync(DriftDifference difference, CancellationToken cancellationToken)
    {
        switch (difference.Fact)
        {
            case DriftFacts.SignsIn:
                await (difference.Expected == DriftFacts.Yes ? TenantRoles.AdmitAsync(Session, key.Name, cancellationToken) : TenantRoles.CloseAsync(Session, key.Name, cancellationToken));
                break;
            case DriftFacts.Connections:
                await TenantRoles.LimitAsync(Session, key.Name, int.Parse(difference.Expected!, CultureInfo.InvariantCulture), cancellationToken);
                break;
            case DriftFacts.MemberOf:
                var (expected, found) = (Roles(difference.Expected), Roles(difference.Found));
                foreach (var role in found.Except(expected, StringComparer.Ordinal))
                    await Session.ExecuteAsync($"revoke {Sql.Name(role)} from {Sql.Name(key.Name)}", cancellationToken);
                foreach (var role in expected.Except(found, StringComparer.Ordinal))
                    await Session.ExecuteAsync(LoginSettings.Join(role, key.Name), cancellationToken);
                break;
            default:
                await TenantRoles.JoinAsync(Session, difference.Expected!, cancellationToken);
                await JoinAsync(IsDatabase ? key.Name : DriftResources.SchemaIn(key).Schema, cancellationToken);
                await Session.ExecuteAsync(
                    $"alter {(IsDatabase ? "database" : "schema")} {Sql.Name(IsDatabase ? key.Name : DriftResources.SchemaIn(key).Schema)} owner to {Sql.Name(difference.Expected!)}", cancellationToken);
                break;
        }
    }

    private static string[] Roles(string? names) => (names ?? "").Split(", ", StringSplitOptions.RemoveEmptyEntries);

    // By the roles' numbers, because a quarantine changes their names: "16401:USAGE,0:CREATE".
    private async Task<string> GrantsAsync(string schema, CancellationToken cancellationToken) => (await Session.ScalarAsync<string>(
        """
        select coalesce(string_agg(a.grantee::text || ':' || a.privilege_type, ',' order by a.grantee, a.privilege_type), '')
        from pg_namespace n cross join aclexplode(n.nspacl) a where n.nspname = @schema::name and a.grantee <> n.nspowner
        """,
        cancellationToken, new { schema }))!;

    private async Task<string> RevokingAsync(string name, string after, CancellationToken cancellationToken) =>
        await GrantsAsync(name, cancellationToken) is { Length: > 0 } grants ? await StatementsAsync($"revoke {{0}} on schema {Sql.Name(after)} from {{1}};", grants, cancellationToken) : "";

    private async Task<string> GrantingAsync(string schema, string grants, CancellationToken cancellationToken) =>
        grants.Length > 0 ? await StatementsAsync($"grant {{0}} on schema {Sql.Name(schema)} to {{1}};", grants, cancellationToken) : "";

    // A role that is gone has no rights any more.
    private async Task<string> StatementsAsync(string statement, string grants, CancellationToken cancellationToken)
    {
        var statements = new List<string>();
        foreach (var grant in grants.Split(','))
        {
            var (number, privilege) = (grant.Split(':')[0], grant.Split(':')[1]);
            var role = number == "0" ? "public" : await Session.ScalarAsync<string>("select quote_ident(rolname) from pg_roles where oid = @number::oid", cancellationToken, new { number });
            if (role is not null && privilege is "USAGE" or "CREATE")
                statements.Add(string.Format(CultureInfo.InvariantCulture, statement, privilege.ToLowerInvariant(), role));
        }

        return string.Join(' ', statements);
    }
}
