using Dapper;
using Npgsql;
using Saga.Contracts.Identifiers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

[IsolationSuite]
public sealed class When_a_tenant_takes_locks
{
    public static TheoryData<IsolationTier> Tiers => [.. Enum.GetValues<IsolationTier>()];

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_refuse_advisory_locks_and_large_objects(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var tenant = await world.ReadyAsync(tier);
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("savepoint before");

        // The first is the provisioner's fence.
        foreach (var call in (string[])[
            $"pg_advisory_lock(hashtextextended('{tenant.Id}', 1))", "pg_try_advisory_xact_lock_shared(1, 2)", "pg_advisory_unlock_all()",
            "lo_create(0)", "lo_from_bytea(0, 'x')", "lo_get(1)", "loread(0, 1)"])
        {
            var error = await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync($"select {call}"));
            error.SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege, call);
            await session.Connection.ExecuteAsync("rollback to before");
        }

        (await session.Connection.QueryAsync<string>(
            """
            select oid::regprocedure::text from pg_proc
            where (proname like '%advisory%' or proname like 'lo\_%') and has_function_privilege(oid, 'EXECUTE')
            """)).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public async Task Should_enter_its_own_place_only(IsolationTier tier)
    {
        await using var world = await DatabaseWorld.CreateAsync();
        var (tenant, other) = (await world.ReadyAsync(tier), await world.ReadyAsync(tier));
        await using var session = await world.Connections.OpenAsync(tenant.Id, default);

        await session.Connection.ExecuteAsync("select saga.enter(@Value, null)", new { tenant.Id.Value });
        (await session.Connection.QueryAsync<string>("select mode from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")).ShouldBe(["ShareLock"]);

        foreach (var claim in (Guid?[])[other.Id.Value, Guid.Empty, null])
        {
            await session.Connection.ExecuteAsync("savepoint before");
            (await Should.ThrowAsync<PostgresException>(() => session.Connection.ExecuteAsync("select saga.enter(@claim, null)", new { claim }))).SqlState.ShouldBe("SG001");
            await session.Connection.ExecuteAsync("rollback to before");
        }
    }
}
