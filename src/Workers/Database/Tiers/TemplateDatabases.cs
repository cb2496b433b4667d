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

    /// <summary>Identifies the newest template; starts with the newest migration's number.</summary>
    public string Version { get; } = VersionOf(migrations);

    /// <summary>The newest template.</summary>
    public string Name => NameOf(Version);

    /// <summary>Creates a template if it is missing, and recreates one that a killed attempt left incomplete.</summary>
    /// <param name="server">The server.</param>
    /// <param name="cancellationToken">Ends the creation.</param>
    /// <param name="version">The version of the product's tables; the newest when null.</param>
    /// <returns>The template's name.</returns>
    public async Task<string> EnsureAsync(string server, CancellationToken cancellationToken, int? version = null)
    {
        var template = NameOf(VersionOf(migrations.UpTo(version)));
        await using var session = await servers.OpenAsync(server, DatabaseServers.Maintenance, cancellationToken);
        if (await IsReadyAsync(session, template, cancellationToken))
            return template;
        await session.ExecuteAsync("select pg_advisory_lock(hashtextextended(@template, 3))", cancellationToken, new { template });
        if (await IsReadyAsync(session, template, cancellationToken))
            return template;
        var name = Sql.Name(template);
        await session.DropDatabaseAsync(template, cancellationToken);
        await TenantRoles.EnsureOwnerAsync(session, SharedRoles.TemplateOwner, cancellationToken);
        var empty = await ServerLacks.EmptyDatabaseAsync(session, cancellationToken);
        // The limit keeps every login out until PUBLIC may not connect. It would keep this user out, too.
        await session.ExecuteAsync($"create database {name} template {empty} encoding 'UTF8' connection limit 0", cancellationToken);
        await session.ExecuteAsync($"revoke all on database {name} from public", cancellationToken);
        await session.ExecuteAsync($"alter database {name} connection limit -1", cancellationToken);
        await using (var inside = await servers.OpenSecondAsync(server, template, cancellationToken))
        {
            await PlaceSchema.EnsureAsync(inside, cancellationToken);
            await inside.ExecuteAsync(
                $"create schema {Sql.Name(PlacementStore.ProductSchema)} authorization {Sql.Name(SharedRoles.TemplateOwner)}", cancellationToken);
            await migrator.MigrateAsync(inside, PlacementStore.ProductSchema, SharedRoles.TemplateOwner, null, cancellationToken, version: version);
        }

        // Marks the template as complete and keeps sessions out, because a connected session would prevent every copy.
        await session.ExecuteAsync($"alter database {name} with is_template true allow_connections false", cancellationToken);
        return template;
    }

    private static string VersionOf(ProductMigrations files) =>
        string.Create(CultureInfo.InvariantCulture, $"{files.Newest}_{ProductMigration.Hash(files.Checksum + PlaceSchema.Checksum).AsSpan(0, 12)}");

    private static string NameOf(string version) => $"saga_template_v{version}";

    private static Task<bool> IsReadyAsync(ServerSession session, string template, CancellationToken cancellationToken) =>
        session.ScalarAsync<bool>(
            "select exists (select 1 from pg_database where datname = @template and datistemplate and not datallowconn)", cancellationToken, new { template });
}
