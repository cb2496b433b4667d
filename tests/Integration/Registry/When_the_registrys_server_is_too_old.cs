using Npgsql;
using Saga.Registry.Schema;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_the_registrys_server_is_too_old
{
    [Fact]
    public async Task Should_be_refused_in_one_sentence_and_stay_empty()
    {
        var empty = await PostgresServer.NewDatabaseAsync();
        using var old = new OldPostgres(empty, "14");
        await using var registry = NpgsqlDataSource.Create(old.ConnectionString);

        var error = await Should.ThrowAsync<InvalidOperationException>(() => new RegistryMigrator(registry).MigrateAsync());

        error.Message.ShouldMatch(@"\ASaga:Registry:ConnectionString: the server is PostgreSQL 14\.\d+, and Saga needs PostgreSQL 15 or newer\. Upgrade the server, or name another\.\z");
        await using var direct = NpgsqlDataSource.Create(empty);
        await using var tables = direct.CreateCommand("select count(*) from pg_class where relnamespace = 'public'::regnamespace");
        (await tables.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(0L);
    }
}
