using System.Globalization;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Walls;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Migrations;

/// <summary>
/// Migrates the product's tables of one schema to the newest version: all missing migrations in one transaction, as the schema's
/// owner, under the schema's lock. Then the tables get the tenants' policies. Applied migrations are recorded in the schema itself.
/// The database must have the schema <c>saga</c>. Thread-safe.
/// </summary>
internal sealed class ProductMigrator(ProductMigrations migrations)
{
    /// <param name="session">A session in the database of the schema.</param>
    /// <param name="owner">The role that owns the schema, and will own its tables.</param>
    /// <param name="user">The role that reads and writes rows; null for none.</param>
    /// <returns>All applied migrations, in order.</returns>
    /// <exception cref="StepFailureException">A migration changed after it was applied: <c>migration-changed</c>.</exception>
    public async Task<IReadOnlyList<AppliedMigration>> MigrateAsync(
        ServerSession session, string schema, string owner, string? user, CancellationToken cancellationToken)
    {
        var applied = await ReadAsync(session, schema, cancellationToken);
        if (Missing(session, schema, applied).Count == 0)
            return applied;
        await session.InTransactionAsync(
            async () =>
            {
                await session.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended(@schema, 2))", cancellationToken, new { schema });
                applied = await ReadAsync(session, schema, cancellationToken);
                await session.ExecuteAsync(
                    $"""
                    set local role {Sql.Name(owner)};
                    set local search_path = {Sql.Name(schema)};
                    create table if not exists schema_migrations (
                        version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())
                    """,
                    cancellationToken);
                foreach (var migration in Missing(session, schema, applied))
                {
                    await session.ExecuteAsync(migration.Sql, cancellationToken);
                    await session.ExecuteAsync(
                        "insert into schema_migrations (version, name, checksum) values (@Version, @Name, @Checksum)", cancellationToken, migration);
                }

                await session.ExecuteAsync(RowPolicies.Statement(schema), cancellationToken);
                if (user is not null)
                    await session.ExecuteAsync(Grants(schema, user), cancellationToken);
                if (owner == SharedRoles.RowOwner)
                {
                    // In the same transaction, so that no row is ever analysed.
                    await session.ExecuteAsync("reset role", cancellationToken);
                    await SharedStatistics.CloseAsync(session, schema, cancellationToken);
                }
            },
            cancellationToken);
        return await ReadAsync(session, schema, cancellationToken);
    }

    /// <summary>Grants reading and writing rows and nothing else, because TRUNCATE and REFERENCES bypass row-level security.</summary>
    public static string Grants(string schema, string user)
    {
        var (s, u) = (Sql.Name(schema), Sql.Name(user));
        return $"""
            grant usage on schema {s} to {u};
            grant select, insert, update, delete on all tables in schema {s} to {u};
            grant usage on all sequences in schema {s} to {u};
            revoke insert, update, delete on {s}.tenants, {s}.schema_migrations from {u};
            """;
    }

    /// <summary>Allows rows of the tenant in the schema.</summary>
    public static Task RegisterAsync(ServerSession session, string schema, Guid tenant, CancellationToken cancellationToken) =>
        Mover.ExecuteAsync(
            session, $"insert into {Sql.Name(schema)}.tenants (tenant_id) values (@tenant) on conflict do nothing", cancellationToken, new { tenant });

    private static async Task<IReadOnlyList<AppliedMigration>> ReadAsync(ServerSession session, string schema, CancellationToken cancellationToken)
    {
        // to_regclass may answer from the session's cache, which waiting for a lock does not refresh.
        var exists = await session.ScalarAsync<bool>(
            "select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = @schema and c.relname = 'schema_migrations')",
            cancellationToken, new { schema });
        return exists
            ? await session.QueryAsync<AppliedMigration>(
                $"select version, name, checksum, applied_at as AppliedAt from {Sql.Name(schema)}.schema_migrations order by version", cancellationToken)
            : [];
    }

    // Versions beyond the newest known one come from a newer worker and are fine.
    private List<ProductMigration> Missing(ServerSession session, string schema, IReadOnlyList<AppliedMigration> applied)
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

        return [.. migrations.All.Where(m => !known.ContainsKey(m.Version))];
    }
}

internal sealed record AppliedMigration(int Version, string Name, string Checksum, DateTime AppliedAt);
