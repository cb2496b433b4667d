using Dapper;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;
using Saga.Registry;
using Saga.Registry.Schema;
using Saga.Workers.Identity.Embedded;

namespace Saga.Host.Embedded;

/// <summary>
/// The registry in the private cluster. The cluster's superuser migrates it, before the programs start. They sign in with a login that has
/// the rights of the three programs and of the embedded directory, and nothing else.
/// </summary>
internal static class EmbeddedRegistry
{
    private const string Login = "saga_programs";

    /// <returns>The programs' connection string.</returns>
    public static async Task<string> PrepareAsync(PrivatePostgres postgres, DataFolder folder, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var options = configuration.GetSection(RegistryOptions.Section).Get<RegistryOptions>() ?? new RegistryOptions();
        var password = folder.Secret("registry-password", Convert.ToHexStringLower);
        await using var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString("saga")) { Pooling = false });
        await new RegistryMigrator(owner, options: Options.Create(options)).MigrateAsync(cancellationToken);
        await EmbeddedDirectorySchema.EnsureAsync(owner, cancellationToken);
        await using var connection = await owner.OpenConnectionAsync(cancellationToken);
        using var quotes = new NpgsqlCommandBuilder();
        var roles = string.Join(", ", ((string[])["api", "orchestrator", "workers"]).Select(p => quotes.QuoteIdentifier($"{options.RolePrefix}_{p}")));
        // The password is hexadecimal digits.
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            do $do$ begin if to_regrole('{Login}') is null then create role {Login}; end if; end $do$;
            alter role {Login} login nosuperuser nocreatedb nocreaterole password '{password}';
            grant {roles} to {Login};
            grant usage on schema embedded_identity to {Login};
            grant select, insert, update, delete on all tables in schema embedded_identity to {Login};
            """,
            cancellationToken: cancellationToken));
        return new NpgsqlConnectionStringBuilder(postgres.ConnectionString("saga")) { Username = Login, Password = password }.ConnectionString;
    }
}
