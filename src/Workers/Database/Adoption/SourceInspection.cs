using Saga.Registry.Placements;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Adoption;

/// <summary>What the database of a product without tenants must be for its rows to be copied. Every refusal says what to do. Changes nothing. Thread-safe.</summary>
internal sealed class SourceInspection(DatabaseServers servers, PlaceInspection inspection, SharedDatabases shared, PlacementStore placements, PlaceUse use, AdoptedUserLimit limit)
{
    /// <returns>How many tables would be copied.</returns>
    /// <exception cref="StepFailureException">It cannot be copied as it is.</exception>
    public async Task<int> RequireAsync(StepContext context, TenantSchema source, CancellationToken cancellationToken)
    {
        if (!servers.Names.Contains(source.Server))
        {
            throw StepFailureException.Permanent(
                "server-unknown", $"Database server '{source.Server}' is not configured for this worker.", $"Set Saga:Databases:Servers:{source.Server}:ConnectionString for every worker, then send the command again.");
        }

        await UnusedAsync(context, source, cancellationToken);
        await inspection.DatabaseAsync(source, cancellationToken);
        var to = DatabaseStep.PlacementOf(context.Tenant);
        await use.BeginAsync(context, cancellationToken, to);
        // Theirs are the tables that the source must have. They are no tenant's.
        await shared.EnsureRowsAsync(to.Place.Server, cancellationToken);
        await using var target = await servers.OpenAsync(to.Place.Server, to.Place.Database, cancellationToken);
        await using var session = await servers.OpenAsync(source.Server, source.Database, cancellationToken);
        await PlaceInspection.RegistryAsync(session, source, cancellationToken);
        await RightsAsync(session, source, cancellationToken);
        await using var reading = await MoveSession.BeginSourceAsync(session, cancellationToken);
        var tables = await SourceTables.RequireAsync(reading, source, target, to, cancellationToken);
        if (tables.Any(t => t.Name == AdoptedUserLimit.Table))
            await limit.RequireAsync(context, source, await reading.ScalarAsync<long>($"select count(*) from {Sql.Name(source.Schema)}.{AdoptedUserLimit.Table}", cancellationToken), cancellationToken);
        return tables.Count;
    }

    private async Task UnusedAsync(StepContext context, TenantSchema source, CancellationToken cancellationToken)
    {
        var neighbours = await placements.NeighboursAsync(source.Server, source.Database, context.TenantId, cancellationToken);
        if (neighbours.FirstOrDefault(n => n.Tier != "schema" || n.Schema == source.Schema) is { } neighbour)
            throw PlaceInspection.Refused(source, "place-in-use", $"has the place of tenant '{neighbour.Slug}'", "Name a database or schema that is no tenant's,");
    }

    private static async Task RightsAsync(ServerSession session, TenantSchema source, CancellationToken cancellationToken)
    {
        var lacks = await session.QueryAsync<string>(
            """
            select 'the schema' where not has_schema_privilege(@Schema, 'USAGE')
            union all
            select 'table ' || t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
            where n.nspname = @Schema and case when t.relkind in ('r', 'p') then not has_table_privilege(t.oid, 'SELECT') end
            union all
            select 'sequence ' || t.relname from pg_class t join pg_namespace n on n.oid = t.relnamespace
            where n.nspname = @Schema and case when t.relkind = 'S' then not has_sequence_privilege(t.oid, 'SELECT') end
            """,
            cancellationToken, new { source.Schema });
        var (schema, user) = (Sql.Name(source.Schema), Sql.Name((await session.ScalarAsync<string>("select current_user::text", cancellationToken))!));
        if (lacks.Count > 0)
        {
            throw PlaceInspection.Refused(
                source, "source-unreadable", $"does not let the workers' login read {string.Join(", ", lacks.Take(5))} of schema '{source.Schema}'",
                $"As their owner, run: GRANT USAGE ON SCHEMA {schema} TO {user}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}; GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {user};");
        }

        var hidden = await session.QueryAsync<string>(
            "select t.relname::text from pg_class t join pg_namespace n on n.oid = t.relnamespace where n.nspname = @Schema and case when t.relkind in ('r', 'p') then row_security_active(t.oid) end order by 1",
            cancellationToken, new { source.Schema });
        if (hidden.Count > 0)
        {
            throw PlaceInspection.Refused(
                source, "source-unreadable", $"has tables whose row-level security may hide rows from the workers' login: {string.Join(", ", hidden.Take(5))}",
                $"As a superuser, run: ALTER ROLE {user} BYPASSRLS; until the adoption has ended, or disable row-level security on them.");
        }
    }
}
