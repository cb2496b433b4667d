using System.Globalization;
using Dapper;
using Npgsql;

namespace Saga.Tests.Support.World;

/// <summary>Everything that any tenants have on a database server.</summary>
internal static class DatabaseFacts
{
    public static async Task<List<Fact>> ListAsync(SiteServer server)
    {
        var facts = new List<Fact>();
        await using var connection = await OpenAsync(server, "postgres");
        var roles = await connection.QueryAsync<(string Name, bool Login)>("select rolname, rolcanlogin from pg_roles where rolname ~ '^t_[0-9a-f]{32}'");
        facts.AddRange(roles.Select(r => Of(r.Name[2..34], $"{(r.Login ? "login" : "role")} {r.Name} on {server.Name}")));
        foreach (var database in await connection.QueryAsync<string>("select datname from pg_database where datname ~ '^(tenant_|restored_|saga_schemas_|saga_rows$)'"))
        {
            if (database.StartsWith("tenant_", StringComparison.Ordinal))
                facts.Add(Of(database["tenant_".Length..], $"database {database} on {server.Name}"));
            // It belongs to the operation that made it, and goes as a whole.
            if (database.StartsWith("restored_", StringComparison.Ordinal))
            {
                facts.Add(Of(database["restored_".Length..], $"database {database} on {server.Name}"));
                continue;
            }

            facts.AddRange(await InsideAsync(server, database));
        }

        return facts;
    }

    private static async Task<List<Fact>> InsideAsync(SiteServer server, string database)
    {
        var facts = new List<Fact>();
        try
        {
            await using var connection = await OpenAsync(server, database);
            var schemas = await connection.QueryAsync<(string Name, bool Tables)>(
                "select nspname, to_regclass(quote_ident(nspname) || '.settings') is not null from pg_namespace where nspname ~ '^(t_[0-9a-f]{32}|product)$'");
            foreach (var (schema, tables) in schemas)
            {
                if (schema != "product")
                    facts.Add(Of(schema[2..], $"schema {schema} in {database} on {server.Name}"));
                if (tables)
                    facts.AddRange(await RowsAsync(connection, server, database, schema));
            }

            facts.AddRange(await PlacesAsync(connection, server, database));
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.ObjectNotInPrerequisiteState or PostgresErrorCodes.AdminShutdown)
        {
            // Another site's database was dropped in the meantime, which ended this session.
        }

        return facts;
    }

    private static async Task<List<Fact>> RowsAsync(NpgsqlConnection connection, SiteServer server, string database, string schema)
    {
        try
        {
            // Every copy of the tables contains the fictitious tenant's row for the verification.
            var rows = await connection.QueryAsync<Guid>($"select tenant_id from \"{schema}\".tenants where tenant_id <> '00000000-0000-0000-0000-000000000000'");
            var probes = await connection.QueryAsync<Guid>($"select tenant_id from \"{schema}\".settings where key = 'saga.verification'");
            return
            [
                .. rows.Select(r => new Fact(r, $"{r}: rows in {database}.{schema} on {server.Name}")),
                .. probes.Select(r => new Fact(r, $"{r}: row of a verification in {database}.{schema} on {server.Name}")),
            ];
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            // Another site's database was dropped in the meantime.
            return [];
        }
    }

    // Which tenants the database admits, and to what.
    private static async Task<List<Fact>> PlacesAsync(NpgsqlConnection connection, SiteServer server, string database)
    {
        try
        {
            var places = await connection.QueryAsync<(Guid Tenant, long Epoch, string Mode)>(
                "select tenant_id, epoch, mode from saga.place where tenant_id <> '00000000-0000-0000-0000-000000000000'");
            return [.. places.Select(p => new Fact(p.Tenant, string.Create(CultureInfo.InvariantCulture, $"{p.Tenant}: place {p.Mode} with epoch {p.Epoch} in {database} on {server.Name}")))];
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            // The database is being made.
            return [];
        }
    }

    private static async Task<NpgsqlConnection> OpenAsync(SiteServer server, string database)
    {
        // Not pooled, because an open connection would prevent the database from being dropped or copied.
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = database, Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static Fact Of(string digits, string text)
    {
        var tenant = Guid.ParseExact(digits, "n");
        return new Fact(tenant, $"{tenant}: {text}");
    }
}
