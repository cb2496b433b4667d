using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Saga.Registry.Schema;
using Saga.Tests.Integration.Api;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>Statements of this connection end after five seconds, which stands for the driver's default of thirty.</summary>
public sealed class When_a_migration_is_slow
{
    private const long Lock = 0x5A6A_0001;

    [Fact]
    public async Task Should_let_it_finish()
    {
        await using var registry = await ImpatientAsync("-c statement_timeout=5000");
        await registry.ExecuteAsync(
            """
            create function slow() returns event_trigger language plpgsql as $$ begin perform pg_sleep(7); end $$;
            create event trigger slow on ddl_command_start when tag in ('CREATE SCHEMA') execute function slow();
            """);

        await new RegistryMigrator(registry).MigrateAsync(TestContext.Current.CancellationToken);

        (await registry.ScalarAsync<long>("select count(*) from plans")).ShouldBeGreaterThan(0);
        (await registry.ScalarAsync<string>("show statement_timeout")).ShouldBe("5s", "the session is as before");
    }

    [Fact]
    public async Task Should_let_others_wait_for_it_and_say_so()
    {
        await using var registry = await ImpatientAsync("");
        await using var other = await registry.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await other.ExecuteAsync("select pg_advisory_lock(@Lock)", new { Lock });
        var logs = new LogLines();
        using var factory = new LoggerFactory([logs]);

        var migrating = new RegistryMigrator(registry, factory.CreateLogger<RegistryMigrator>()).MigrateAsync(TestContext.Current.CancellationToken);
        await Task.WhenAny(migrating, logs.UntilAsync(string.Create(CultureInfo.InvariantCulture, $"2640 Waiting for another process to migrate the registry, for 3 s so far: session {other.ProcessID}")));
        migrating.IsCompleted.ShouldBeFalse(migrating.Exception?.Message);
        await other.ExecuteAsync("select pg_advisory_unlock(@Lock)", new { Lock });

        await migrating;
        (await registry.ScalarAsync<long>("select count(*) from plans")).ShouldBeGreaterThan(0);
    }

    private static async Task<NpgsqlDataSource> ImpatientAsync(string options) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabaseAsync()) { CommandTimeout = 5, Options = options, NoResetOnClose = true });
}
