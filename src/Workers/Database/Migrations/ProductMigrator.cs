using System.Globalization;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Migrations;

/// <summary>
/// Migrates the product's tables of one schema: all missing migrations in one transaction, as the schema's owner, under the schema's lock. Then
/// the tables get the tenants' policies. Applied migrations are recorded in the schema itself, which is what decides its version.
/// The database must have the schema <c>saga</c>. Thread-safe.
/// </summary>
internal sealed class ProductMigrator(ProductMigrations migrations)
{
    /// <summary>Creates the platform's own tables of a schema, before the product's. Runs as the schema's owner.</summary>
    public const string CreateOwnTables =
        $"""
        create table if not exists schema_migrations (
            version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
        {ProductTables.CreateProbe}
        """;

    /// <summary>Migrates the tables to one version. Tables of a newer version stay as they are.</summary>
    /// <param name="session">A session in the database of the schema.</param>
    /// <param name="owner">The role that owns the schema, and will own its tables.</param>
    /// <param name="schema">The schema.</param>
    /// <param name="user">The role that reads and writes rows; null for none.</param>
    /// <param name="cancellationToken">Ends the migration.</param>
    /// <param name="hasRows">
    /// Whether the tables may have many rows already. Then each migration may take as long as the attempt. Otherwise one that takes longer than a
    /// minute counts as a server that does not answer.
    /// </param>
    /// <param name="version">The version; the newest when null.</param>
    /// <returns>All applied migrations, in order.</returns>
    /// <exception cref="StepFailureException">A migration changed after it was applied: <c>migration-changed</c>.</exception>
    public Task<IReadOnlyList<AppliedMigration>> MigrateAsync(
        ServerSession session, string schema, string owner, string? user, CancellationToken cancellationToken, bool hasRows = false, int? version = null) =>
        ToAsync(session, schema, owner, user, hasRows, _ => version ?? migrations.Newest, cancellationToken);

    /// <summary>
    /// The same for tables that tenants share: they keep the version that they have, because no tenant decides about the tables of the others.
    /// Only tables that are not there yet are created, in the newest version.
    /// </summary>
    public Task<IReadOnlyList<AppliedMigration>> JoinAsync(ServerSession session, string schema, string owner, string? user, CancellationToken cancellationToken) =>
        ToAsync(session, schema, owner, user, hasRows: false, applied => applied.Count == 0 ? migrations.Newest : applied[^1].Version, cancellationToken);

    /// <summary>The version of the tables; null when there are none.</summary>
    public static async Task<int?> VersionAsync(ServerSession session, string schema, CancellationToken cancellationToken) =>
        (await ReadAsync(session, schema, cancellationToken)).Applied is [.., var last] ? last.Version : null;

    private async Task<IReadOnlyList<AppliedMigration>> ToAsync(
        ServerSession session, string schema, string owner, string? user, bool hasRows, Func<IReadOnlyList<AppliedMigration>, int> wanted, CancellationToken cancellationToken)
    {
        var (applied, hasProbe) = await ReadAsync(session, schema, cancellationToken);
        if (hasProbe && Missing(session, schema, applied, wanted(applied)).Count == 0)
            return applied;
        await session.InTransactionAsync(
            async () =>
            {
                await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@schema, 2))", cancellationToken, new { schema });
                (applied, _) = await ReadAsync(session, schema, cancellationToken);
                await session.ExecuteAsync(
                    $"""
                    set local role {Sql.Name(owner)};
                    set local search_path = {Sql.Name(schema)};
                    {CreateOwnTables}
                    """,
                    cancellationToken);
                foreach (var migration in Missing(session, schema, applied, wanted(applied)))
                    await ProductTables.ApplyAsync(session, migration, isLong: hasRows, cancellationToken);
                await FinishAsync(session, schema, user, isShared: owner == SharedRoles.RowOwner, cancellationToken);
            },
            cancellationToken);
        return (await ReadAsync(session, schema, cancellationToken)).Applied;
    }

    /// <summary>Gives new tables the policies, the rights of the tenants and, if several tenants share them, no planner statistics. Ends as the session's own role.</summary>
    public static async Task FinishAsync(ServerSession session, string schema, string? user, bool isShared, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(RowPolicies.Statement(schema), cancellationToken);
        await session.ExecuteAsync(ProductTables.FillProbe, cancellationToken);
        if (user is not null)
            await session.ExecuteAsync(ProductTables.Grants(schema, user) + ProductTables.ExtendReadGrants(schema), cancellationToken);
        await session.ExecuteAsync("reset role", cancellationToken);
        // In the same transaction, so that no row is ever analysed.
        if (isShared)
            await SharedStatistics.CloseAsync(session, schema, cancellationToken);
    }

    private static async Task<(IReadOnlyList<AppliedMigration> Applied, bool HasProbe)> ReadAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        // to_regclass may answer from the session's cache, which waiting for a lock does not refresh.
        var tables = await session.QueryAsync<string>(
            $"select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @schema and c.relname in ('schema_migrations', '{ProductTables.Probe}')",
            cancellationToken, new { schema });
        var applied = tables.Contains("schema_migrations", StringComparer.Ordinal)
            ? await session.QueryAsync<AppliedMigration>(
                $"select version, name, checksum, applied_at as AppliedAt from {Sql.Name(schema)}.schema_migrations order by version", cancellationToken)
            : [];
        return (applied, tables.Contains(ProductTables.Probe, StringComparer.Ordinal));
    }

    // Versions beyond the newest known one come from a newer worker and are fine.
    private List<ProductMigration> Missing(ServerSession session, string schema, IReadOnlyList<AppliedMigration> applied, int version)
    {
        var known = applied.ToDictionary(m => m.Version);
        foreach (var migration in migrations.All)
        {
            if (known.TryGetValue(migration.Version, out var was) && was.Checksum != migration.Checksum)
            {
                throw StepFailureException.Permanent(
                    "migration-changed",
                    $"Migration {migration.Name} changed after it was applied to schema '{schema}' on server '{session.Server}' on {was.AppliedAt.ToString("u", CultureInfo.InvariantCulture)}.",
                    "Restore the migration's text, put the change into a new migration, then replay the operation.");
            }
        }

        return [.. migrations.All.Where(m => m.Version <= version && !known.ContainsKey(m.Version))];
    }
}

internal sealed record AppliedMigration(int Version, string Name, string Checksum, DateTime AppliedAt);
