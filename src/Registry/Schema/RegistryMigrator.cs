using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry.Connections;

namespace Saga.Registry.Schema;

/// <summary>
/// Migrates the control-plane database to the newest version. Any number may run at once: one works while the others wait.
/// Each migration is one transaction and its checksum is stored. A migration that changed after it ran is refused. A user who does not
/// own the tables only checks that everything is applied.
/// </summary>
public sealed partial class RegistryMigrator(NpgsqlDataSource registry, ILogger<RegistryMigrator>? log = null, IOptions<RegistryOptions>? options = null)
{
    /// <summary>The newest migration of this program.</summary>
    public static int NewestVersion => Migrations().Max(m => m.Version);

    /// <exception cref="InvalidOperationException">The server is too old, or a migration changed; the message says what to do.</exception>
    /// <exception cref="RegistryNotMigratedException">This user may not migrate, and something is missing.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = await registry.OpenConnectionAsync(cancellationToken);
        if (SupportedPostgres.Refusal(RegistryOptions.Section, connection.PostgreSqlVersion) is { } refusal)
            throw new InvalidOperationException(refusal);
        if (!await MayMigrateAsync(connection, cancellationToken))
        {
            await RequireCurrentAsync(connection, cancellationToken);
            return;
        }

        try
        {
            await new MigrationLock(log).TakeAsync(connection, cancellationToken);
            // A migration takes as long as it needs, such as an index on a large table, and waits for locks. If it were cut short, every
            // start would begin it again.
            await connection.ExecuteAsync(new CommandDefinition(
                "select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)", cancellationToken: cancellationToken));
            await connection.ExecuteAsync(Patient(
                "create table if not exists registry_migrations (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())",
                cancellationToken));
            var applied = (await connection.QueryAsync<(int Version, string Checksum)>(Patient("select version, checksum from registry_migrations", cancellationToken)))
                .ToDictionary(m => m.Version, m => m.Checksum);
            foreach (var (version, name, sql, checksum) in Migrations())
            {
                if (applied.TryGetValue(version, out var known))
                {
                    if (known != checksum)
                        throw new InvalidOperationException(
                            $"Registry migration {name} changed after it was applied. Restore its text, and put the change into a new migration.");
                    continue;
                }

                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await connection.ExecuteAsync(Patient(sql, cancellationToken, transaction: transaction));
                await connection.ExecuteAsync(Patient(
                    "insert into registry_migrations (version, name, checksum) values (@version, @name, @checksum)", cancellationToken,
                    new { version, name, checksum }, transaction));
                await transaction.CommitAsync(cancellationToken);
            }

            await CloseToPublicAsync(connection, cancellationToken);
            await new RuntimeRole(options?.Value.RuntimeRole ?? RegistryOptions.DefaultRuntimeRole, log).EnsureAsync(connection, cancellationToken);
            await new ProgramRoles(options?.Value.RolePrefix ?? RegistryOptions.DefaultRolePrefix, log).EnsureAsync(connection, cancellationToken);
        }
        finally
        {
            await SessionReset.ResetAsync(connection);
        }
    }

    // A new database has no owner yet but the one who migrates it.
    private static async Task<bool> MayMigrateAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select coalesce(
                (select pg_has_role(relowner, 'USAGE') from pg_class where oid = to_regclass('registry_migrations')),
                has_schema_privilege(current_schema(), 'CREATE'), false)
            """,
            cancellationToken: cancellationToken));

    private static async Task RequireCurrentAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (user, isReadable) = await connection.QuerySingleAsync<(string, bool?)>(new CommandDefinition(
            "select current_user::text, has_table_privilege(to_regclass('registry_migrations'), 'SELECT')", cancellationToken: cancellationToken));
        if (isReadable != true)
            throw RegistryNotMigratedException.Unreadable(user);
        var applied = (await connection.QueryAsync<int>(new CommandDefinition("select version from registry_migrations", cancellationToken: cancellationToken))).ToHashSet();
        if (Migrations().FirstOrDefault(m => !applied.Contains(m.Version)) is { Name: { } missing })
            throw RegistryNotMigratedException.Missing(missing, user);
    }

    private static CommandDefinition Patient(string sql, CancellationToken cancellationToken, object? parameters = null, NpgsqlTransaction? transaction = null) =>
        new(sql, parameters, transaction, commandTimeout: 0, cancellationToken: cancellationToken);

    // Tenants may have logins on this server, and PostgreSQL allows every login to connect to a new database. Runs at every start,
    // because a restored database is new. Only the owner or a superuser can revoke it; for others the server only returns a warning.
    private async Task CloseToPublicAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string open = "select has_database_privilege('public', current_database(), 'connect, temporary')";
        if (!await connection.ExecuteScalarAsync<bool>(new CommandDefinition(open, cancellationToken: cancellationToken)))
            return;
        var database = await connection.ExecuteScalarAsync<string>(new CommandDefinition("select quote_ident(current_database())", cancellationToken: cancellationToken));
        await connection.ExecuteAsync(new CommandDefinition($"revoke connect, temporary on database {database} from public", cancellationToken: cancellationToken));
        if (log is not null && await connection.ExecuteScalarAsync<bool>(new CommandDefinition(open, cancellationToken: cancellationToken)))
            OpenToPublic(log, database!);
    }

    [LoggerMessage(1900, LogLevel.Warning, "Every login of the server may connect to the registry, and the registry's user does not own the database. The owner should run: REVOKE CONNECT, TEMPORARY ON DATABASE {Database} FROM PUBLIC")]
    private static partial void OpenToPublic(ILogger log, string database);

    private static IEnumerable<(int Version, string Name, string Sql, string Checksum)> Migrations()
    {
        var assembly = typeof(RegistryMigrator).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            var name = resource.Split('.')[^2];
            var version = int.Parse(name.AsSpan(0, name.IndexOf('_', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
            yield return (version, name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
        }
    }
}
