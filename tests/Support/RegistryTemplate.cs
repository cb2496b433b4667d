using Npgsql;
using Saga.Registry.Schema;

namespace Saga.Tests.Support;

/// <summary>
/// A migrated registry that others are copied from. Copying a database costs a fraction of running every migration, which most tests
/// would otherwise pay for.
/// </summary>
internal static class RegistryTemplate
{
    private static readonly Lazy<Task<string>> Shared = new(CreateAsync);

    /// <summary>Copies it. Each copy is an installation of its own.</summary>
    /// <param name="admin">The superuser's connection string.</param>
    /// <param name="name">The new database's name.</param>
    public static async Task CopyAsync(string admin, string name)
    {
        var template = await Shared.Value;
        await ClosedDatabases.CreateAsync(
            admin, name, template,
            // A database's own privileges are not copied with it.
            $$"""
            do $do$ declare member text; begin
                for member in select grantee::regrole from pg_database, aclexplode(datacl) where datname = '{{template}}' and privilege_type = 'CONNECT' loop
                    execute format('grant connect on database "{{name}}" to %s', member);
                end loop;
            end $do$
            """);
        await using var copy = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(admin) { Database = name, Pooling = false }.ConnectionString);
        await using var command = copy.CreateCommand("update installation set id = gen_random_uuid()");
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> CreateAsync()
    {
        var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(await PostgresServer.NewSharedDatabaseAsync("registry_template")) { Pooling = false }.ConnectionString);
        await using (source)
        {
            await new RegistryMigrator(source).MigrateAsync();
            await RuntimeLogin.EnsureAsync(source);
            await Seed.ProcessAsync(source);
            await Seed.ServerAsync(source, "main");
        }

        return new NpgsqlConnectionStringBuilder(source.ConnectionString).Database!;
    }
}
