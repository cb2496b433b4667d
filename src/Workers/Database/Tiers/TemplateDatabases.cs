using System.Globalization;
using Saga.Registry.Placements;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;

namespace Saga.Workers.Database.Tiers;

/// <summary>
/// The database that tenants' databases are copied from. It is migrated once and then closed to everyone, so that any number of
/// copies may be created at once. Its name contains version and checksum, so changed migrations get a new template. Thread-safe.
/// </summary>
internal sealed class TemplateDatabases(DatabaseServers servers, ProductMigrations migrations, ProductMigrator migrator)
{
    /// <summary>The newest migration.</summary>
    public int Newest => migrations.Newest;

    /// <summary>Identifies the template; starts with the newest migration's number.</summary>
    public string Version { get; } = string.Create(CultureInfo.InvariantCulture, $"{migrations.Newest}_{ProductMigration.Hash(migrations.Checksum + PlaceSchema.Checksum).AsSpan(0, 12)}");

    public string Name => $"saga_template_v{Version}";

    /// <summary>Creates the template if it is missing, and recreates one that a killed attempt left incomplete.</summary>
    public async Task EnsureAsync(string server, CancellationToken cancellationToken)
    {
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        if (await IsReadyAsync(session, cancellationToken))
            return;
        await session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@Name, 3))", cancellationToken, new { Name });
        if (await IsReadyAsync(session, cancellationToken))
            return;
        var name = Sql.Name(Name);
        await session.DropDatabaseAsync(Name, cancellationToken);
        await TenantRoles.EnsureOwnerAsync(session, SharedRoles.TemplateOwner, cancellationToken);
        var empty = await ServerLacks.EmptyDatabaseAsync(session, cancellationToken);
        // The limit keeps every login out until PUBLIC may not connect. It would keep this user out, too.
        await session.ExecuteAsync($"create database {name} template {empty} encoding 'UTF8' connection limit 0", cancellationToken);
        await session.ExecuteAsync($"revoke all on database {name} from public", cancellationToken);
        await session.ExecuteAsync($"alter database {name} connection limit -1", cancellationToken);
        await using (var inside = await servers.OpenSecondAsync(server, Name, cancellationToken))
        {
            await PlaceSchema.EnsureAsync(inside, cancellationToken);
            await inside.ExecuteAsync(
                $"create schema {Sql.Name(PlacementStore.ProductSchema)} authorization {Sql.Name(SharedRoles.TemplateOwner)}", cancellationToken);
            await migrator.MigrateAsync(inside, PlacementStore.ProductSchema, SharedRoles.TemplateOwner, null, cancellationToken);
        }

        // Marks the template as complete and keeps sessions out, because a connected session would prevent every copy.
        await session.ExecuteAsync($"alter database {name} with is_template true allow_connections false", cancellationToken);
    }

    private Task<bool> IsReadyAsync(ServerSession session, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>(
            "select exists (select 1 from pg_database where datname = @Name and datistemplate and not datallowconn)", cancellationToken, new { Name });
}
