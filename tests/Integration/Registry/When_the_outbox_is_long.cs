using Npgsql;
using Saga.Registry.Outbox;
using Saga.Registry;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

/// <summary>Processes are sending thousands of their own messages. A relay looks for the few that nobody sends.</summary>
public sealed class When_the_outbox_is_long
{
    [Theory, InlineData(OutboxPart.Fresh, "'-infinity'"), InlineData(OutboxPart.Overdue, "now() - interval '1 second'")]
    public async Task Should_find_what_nobody_sends_without_walking_past_the_others(OutboxPart part, string claimedUntil)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        // The newest messages, which are last in order of age.
        await registry.ExecuteAsync(
            $$"""
            insert into outbox (message_id, message_type, destination, body, claimed_until)
            select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'OperationDue', 'q', '{}',
                case when n > 20000 then {{claimedUntil}} else now() + interval '1 minute' end
            from generate_series(1, 20003) n;
            """);
        await registry.ExecuteAsync("vacuum analyze outbox");
        // The server counts a session's reads when the session ends.
        var once = new NpgsqlConnectionStringBuilder(await Unpooled(registry)) { Pooling = false }.ConnectionString;
        await using (var source = NpgsqlDataSource.Create(once))
        await using (var session = new SqlOutboxStore(source, new RegistryClock()).OpenSession())
            (await session.ClaimAsync(part, 200, TimeSpan.FromSeconds(10), default)).Count.ShouldBe(3);

        await Until.TrueAsync(async () => await ReadAsync(registry) > 0, "the server has counted");
        (await ReadAsync(registry)).ShouldBeLessThan(100);
    }

    private static async Task<string> Unpooled(NpgsqlDataSource registry) =>
        new NpgsqlConnectionStringBuilder(await PostgresServer.AdminConnectionStringAsync()) { Database = new NpgsqlConnectionStringBuilder(registry.ConnectionString).Database }.ConnectionString;

    private static Task<long> ReadAsync(NpgsqlDataSource registry) => registry.ScalarAsync<long>(
        "select sum(idx_tup_read)::bigint from pg_stat_user_indexes where relname = 'outbox'");
}
