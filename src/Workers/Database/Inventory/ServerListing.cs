using System.Globalization;
using Npgsql;
using Saga.Contracts.Failures;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Registry.Placements;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Inventory;

/// <summary>Lists what one database server has, page by page.</summary>
/// <param name="servers">The servers.</param>
/// <param name="server">The server.</param>
/// <param name="scope">What to list.</param>
/// <param name="own">Databases in which tenants have places.</param>
/// <param name="write">Takes the pages, one at a time.</param>
internal sealed class ServerListing(DatabaseServers servers, string server, InventoryScope scope, IReadOnlyCollection<string> own, Func<InventoryPage, Task> write) : IDisposable
{
    private const int Page = 1000;

    // Each takes a connection, which other steps need, too.
    private const int DatabasesAtOnce = 2;

    private readonly SemaphoreSlim turn = new(1, 1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<string> visited;
        await using (var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken))
        {
            await ListRolesAsync(session, cancellationToken);
            visited = await ListDatabasesAsync(session, cancellationToken);
        }

        await Parallel.ForEachAsync(
            visited, new ParallelOptions { MaxDegreeOfParallelism = DatabasesAtOnce, CancellationToken = cancellationToken }, async (database, token) => await VisitAsync(database, token));
    }

    public void Dispose() => turn.Dispose();

    /// <summary>Looks for one thing in a session that can see it.</summary>
    public async Task<FoundThing?> FindAsync(ServerSession session, DriftKey key, CancellationToken cancellationToken)
    {
        switch (key.Resource)
        {
            case DriftResources.Role:
                return (await RolesAsync(session, "", key.Name, cancellationToken)).Select(Describe).SingleOrDefault();
            case DriftResources.Schema:
                var (database, schema) = DriftResources.SchemaIn(key);
                return (await SchemasAsync(session, schema, cancellationToken)).Select(s => Describe(database, s)).SingleOrDefault();
            case DriftResources.Place:
                return await HasPlacesAsync(session, cancellationToken)
                    ? (await PlacesAsync(session, Guid.Empty, cancellationToken, key.Name)).Select(p => Describe(DriftResources.DatabaseOfPlace(key), p)).SingleOrDefault()
                    : null;
            default:
                return (await DatabasesAsync(session, "", key.Name, cancellationToken)).Select(Describe).OfType<FoundThing>().SingleOrDefault();
        }
    }

    private static Task<IReadOnlyList<RoleRow>> RolesAsync(ServerSession session, string after, string? only, CancellationToken cancellationToken) => session.QueryAsync<RoleRow>(
        """
        select r.rolname::text as Name, r.rolcanlogin as SignsIn, r.rolconnlimit as Connections, shobj_description(r.oid, 'pg_authid') as Comment,
            coalesce((select string_agg(g.rolname::text, ', ' order by g.rolname) from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid), '') as MemberOf
        from pg_roles r where (r.rolname ~ @Tenants or r.rolname ~ @Quarantined) and r.rolname > @after::name and (@only is null or r.rolname = @only::name)
        order by r.rolname limit @Page
        """,
        cancellationToken, new { LoginSettings.Tenants, Quarantined = QuarantinedThing.Names, after, only, Page });

    private async Task ListRolesAsync(ServerSession session, CancellationToken cancellationToken)
    {
        for (var after = ""; ;)
        {
            var page = await RolesAsync(session, after, null, cancellationToken);
            await WriteAsync([.. page.Select(Describe)]);
            if (page.Count < Page)
                return;
            after = page[^1].Name;
        }
    }

    private static Task<IReadOnlyList<DatabaseRow>> DatabasesAsync(ServerSession session, string after, string? only, CancellationToken cancellationToken) => session.QueryAsync<DatabaseRow>(
        """
        select d.datname::text as Name, pg_get_userbyid(d.datdba)::text as Owner, d.datconnlimit <> -2 as IsUsable, d.datallowconn as IsOpen,
            shobj_description(d.oid, 'pg_database') as Comment, shobj_description(d.datdba, 'pg_authid') as OwnersComment
        from pg_database d where not d.datistemplate and d.datname > @after::name and (@only is null or d.datname = @only::name) order by d.datname limit @Page
        """,
        cancellationToken, new { after, only, Page });

    private async Task<List<string>> ListDatabasesAsync(ServerSession session, CancellationToken cancellationToken)
    {
        var visited = new List<string>();
        for (var after = ""; ;)
        {
            var page = await DatabasesAsync(session, after, null, cancellationToken);
            await WriteAsync([.. page.Select(Describe).OfType<FoundThing>()]);
            visited.AddRange(page.Where(d => d.IsUsable && d.IsOpen && (own.Contains(d.Name) || scope.Tenants is null && IsShared(d.Name))).Select(d => d.Name));
            if (page.Count < Page)
                return visited;
            after = page[^1].Name;
        }
    }

    private async Task VisitAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await servers.OpenAsync(server, database, cancellationToken);
            if (database.StartsWith(DatabaseInventory.TenantPrefix, StringComparison.Ordinal))
            {
                await ListPlacesAsync(session, database, cancellationToken);
                return;
            }

            await ListSchemasAsync(session, database, cancellationToken);
            await ListPlacesAsync(session, database, cancellationToken);
        }
        catch (StepFailureException error) when (error.InnerException is PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.AdminShutdown,
        })
        {
            // It was dropped meanwhile, by an operation of its tenant.
        }
        catch (StepFailureException error) when (error.Failure.Kind != FailureKind.Outage)
        {
            // Somebody may have taken this user's right to connect. The other databases say as much as before.
            await WriteAsync(new InventoryPage([]) { Server = server, Database = database, Failure = error.Failure });
        }
    }

    private static Task<IReadOnlyList<SchemaRow>> SchemasAsync(ServerSession session, string? only, CancellationToken cancellationToken) => session.QueryAsync<SchemaRow>(
        """
        select n.nspname::text as Name, pg_get_userbyid(n.nspowner)::text as Owner, shobj_description(n.nspowner, 'pg_authid') as OwnersComment
        from pg_namespace n where n.nspname !~ '^(pg_|information_schema$|saga$)' and (@only is null or n.nspname = @only::name)
        """,
        cancellationToken, new { only });

    private async Task ListSchemasAsync(ServerSession session, string database, CancellationToken cancellationToken) =>
        await WriteAsync([.. (await SchemasAsync(session, null, cancellationToken)).Select(s => Describe(database, s))]);

    private FoundThing Describe(string database, SchemaRow schema) => new()
    {
        Key = DriftResources.SchemaKey(server, database, schema.Name),
        Owner = DatabaseInventory.IdIn(schema.Name, "t_") ?? QuarantinedThing.IdIn(schema.Name),
        Installation = InstallationMark.Read(schema.OwnersComment),
        Facts = new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.Owner] = schema.Owner },
    };

    private static Task<bool> HasPlacesAsync(ServerSession session, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>("select to_regclass('saga.place') is not null and to_regclass('saga.logins') is not null", cancellationToken);

    // The fictitious tenant of the verification has the lowest id.
    private static Task<IReadOnlyList<PlaceRow>> PlacesAsync(ServerSession session, Guid after, CancellationToken cancellationToken, string? only = null) => session.QueryAsync<PlaceRow>(
        """
        select p.tenant_id as Tenant, p.epoch as Epoch, p.mode as Mode,
            (select max(shobj_description(r.oid, 'pg_authid')) from saga.logins l join pg_roles r on r.rolname = l.login where l.tenant_id = p.tenant_id) as Comment
        from saga.place p where p.tenant_id > @after and (@only is null or current_database() || '/' || p.tenant_id = @only) order by p.tenant_id limit @Page
        """,
        cancellationToken, new { after, only, Page });

    private async Task ListPlacesAsync(ServerSession session, string database, CancellationToken cancellationToken)
    {
        if (!await HasPlacesAsync(session, cancellationToken))
            return;
        for (var after = Guid.Empty; ;)
        {
            var page = await PlacesAsync(session, after, cancellationToken);
            await WriteAsync([.. page.Select(p => Describe(database, p))]);
            if (page.Count < Page)
                return;
            after = page[^1].Tenant;
        }
    }

    private FoundThing Describe(string database, PlaceRow place) => new()
    {
        Key = DriftResources.PlaceKey(server, database, place.Tenant),
        Owner = place.Tenant,
        Installation = InstallationMark.Read(place.Comment),
        Facts = DatabaseInventory.PlaceFacts(place.Epoch, place.Mode),
    };

    private FoundThing Describe(RoleRow role) => new()
    {
        Key = DatabaseInventory.RoleKey(server, role.Name),
        Owner = DatabaseInventory.IdIn(role.Name[..34], "t_"),
        Installation = InstallationMark.Read(role.Comment),
        Facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [DriftFacts.SignsIn] = DriftFacts.Of(role.SignsIn),
            [DriftFacts.MemberOf] = role.MemberOf,
            [DriftFacts.Connections] = role.Connections.ToString(CultureInfo.InvariantCulture),
        },
    };

    private FoundThing? Describe(DatabaseRow database)
    {
        if (database.Name.StartsWith(WarmPool.Kind, StringComparison.Ordinal))
        {
            // A dropping that was interrupted leaves a database that nobody can use.
            return database.IsUsable ? null : new() { Key = new(DriftResources.SpareDatabase, server, database.Name), Installation = scope.Installation };
        }

        return DatabaseInventory.IdIn(database.Name, DatabaseInventory.RestoredPrefix) is { } operation
            ? new() { Key = DatabaseInventory.RestoredKey(server, database.Name), Owner = operation, Installation = InstallationMark.Read(database.Comment) }
            : new()
            {
                Key = DatabaseInventory.DatabaseKey(server, database.Name),
                Owner = DatabaseInventory.IdIn(database.Name, DatabaseInventory.TenantPrefix),
                Installation = InstallationMark.Read(database.OwnersComment) ?? InstallationMark.Read(database.Comment),
                Facts = DatabaseInventory.DatabaseFacts(database.Owner, database.IsUsable),
            };
    }

    private static bool IsShared(string database) => database == PlacementStore.RowDatabase || database.StartsWith(PlacementStore.SchemaDatabasePrefix, StringComparison.Ordinal);

    private Task WriteAsync(IReadOnlyList<FoundThing> things) => WriteAsync(new InventoryPage(things));

    private async Task WriteAsync(InventoryPage page)
    {
        await turn.WaitAsync();
        try
        {
            await write(page);
        }
        finally
        {
            turn.Release();
        }
    }

    private sealed record RoleRow
    {
        public string Name { get; init; } = "";

        public bool SignsIn { get; init; }

        public int Connections { get; init; }

        public string? Comment { get; init; }

        public string MemberOf { get; init; } = "";
    }

    private sealed record DatabaseRow
    {
        public string Name { get; init; } = "";

        public string Owner { get; init; } = "";

        public bool IsUsable { get; init; }

        public bool IsOpen { get; init; }

        public string? Comment { get; init; }

        public string? OwnersComment { get; init; }
    }

    private sealed record SchemaRow
    {
        public string Name { get; init; } = "";

        public string Owner { get; init; } = "";

        public string? OwnersComment { get; init; }
    }

    private sealed record PlaceRow
    {
        public Guid Tenant { get; init; }

        public long Epoch { get; init; }

        public string Mode { get; init; } = "";

        public string? Comment { get; init; }
    }
}
