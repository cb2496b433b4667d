using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Drift;
using Saga.Tenancy.Sealing;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Tiers;

/// <summary>The tenant's own database, copied from the template, with an owner role without login and a login that uses it.</summary>
internal sealed class DatabaseTier(TemplateDatabases templates, WarmPool pool, FencedSessions fenced, Installation installation) : ITier
{
    public IsolationTier Tier => IsolationTier.Database;

    public async Task CreateAsync(StepContext context, TenantSchema place, Credential credential, int connections, int? version, CancellationToken cancellationToken)
    {
        var template = await templates.EnsureAsync(place.Server, cancellationToken, version);
        var (database, owner, user) = (Sql.Name(place.Database), Sql.Name(place.Owner), Sql.Name(place.User));
        await using (var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken))
        {
            await TenantRoles.EnsureLoginAsync(session, credential, connections, await installation.IdAsync(cancellationToken), place.Owner, null, cancellationToken);
            // The login has the plan's limit, and nobody else may connect. A limit of the database would also count the workers' sessions.
            await EnsureDatabaseAsync(session, place, template, cancellationToken);
            await session.ExecuteAsync(
                $"""
                revoke all on database {database} from public;
                grant connect, temporary on database {database} to {user};
                alter database {database} connection limit -1;
                {TenantRoles.SearchPath(credential.Username, place.Database, place.Schema)}
                """,
                cancellationToken);
        }

        await using (var session = await fenced.OpenAsync(context, place.Server, place.Database, cancellationToken))
        {
            // The schema first, because the owner of a table must be allowed to create tables in its schema.
            await session.ExecuteAsync(
                $"""
                alter schema {Sql.Name(place.Schema)} owner to {owner};
                reassign owned by {Sql.Name(SharedRoles.TemplateOwner)} to {owner};
                {ProductTables.Grants(place.Schema, place.User)}
                """,
                cancellationToken);
            await PlaceSchema.EnsureAsync(session, cancellationToken);
            await PlaceRows.WriteAsync(session, place.Placement, context.TenantId.Value, cancellationToken);
        }
    }

    public async Task DropAsync(StepContext context, TenantSchema place, CancellationToken cancellationToken)
    {
        await using var session = await fenced.OpenAsync(context, place.Server, DatabaseServers.Maintenance, cancellationToken);
        await TenantRoles.CloseAsync(session, place.Login, cancellationToken);
        await session.DropDatabaseAsync(place.Database, cancellationToken);
        await TenantRoles.DropAsync(session, place.Login, cancellationToken);
        await TenantRoles.DropAsync(session, place.Owner, cancellationToken);
    }

    // PUBLIC may connect to a new database. A connection limit of 0 keeps everybody out until that right is revoked.
    // A database is listed only after its copy is complete, even if a process was killed. One whose drop was interrupted is listed with
    // a limit of -2 and cannot be used, so it is created again.
    private async Task EnsureDatabaseAsync(ServerSession session, TenantSchema place, string template, CancellationToken cancellationToken)
    {
        var limit = await session.ScalarAsync<int?>(
            "select datconnlimit from pg_database where datname = @Database", cancellationToken, new { place.Database });
        if (limit == -2)
            await session.ExecuteAsync($"drop database {Sql.Name(place.Database)}", cancellationToken);
        // Those that are kept ready are copies of the newest template.
        if (limit is null or -2 && !(template == templates.Name && await TakeWarmAsync(session, place, cancellationToken)))
        {
            await session.ExecuteAsync(
                $"create database {Sql.Name(place.Database)} template {Sql.Name(template)} owner {Sql.Name(place.Owner)} connection limit 0", cancellationToken);
        }
    }

    private async Task<bool> TakeWarmAsync(ServerSession session, TenantSchema place, CancellationToken cancellationToken)
    {
        if (await pool.KeepAsync(session, cancellationToken) is not { } warm)
            return false;
        try
        {
            await session.ExecuteAsync(
                $"""
                alter database {Sql.Name(warm)} rename to {Sql.Name(place.Database)};
                alter database {Sql.Name(place.Database)} owner to {Sql.Name(place.Owner)};
                """,
                cancellationToken);
            pool.Taken(place.Server);
            return true;
        }
        catch (StepFailureException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.ObjectInUse or PostgresErrorCodes.InvalidCatalogName })
        {
            // An administrator is connected to it, or has dropped it.
            return false;
        }
    }
}
