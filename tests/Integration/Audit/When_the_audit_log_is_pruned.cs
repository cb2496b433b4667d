using Npgsql;
using Saga.Registry.Audit;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Audit;

public sealed class When_the_audit_log_is_pruned : IAsyncLifetime
{
    private AuditWorld world = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        world = await AuditWorld.CreateAsync();
        world.Options.RetentionDays = 30;
        world.Options.RetentionBatchSize = 2;
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_stay_verifiable_behind_its_anchor()
    {
        await world.WriteAsync(5, "40 days");
        await world.WriteAsync(3);
        await world.SealAsync();

        await world.Sealer().PruneAsync(Cancellation);
        await world.SealAsync();

        (await world.QueryAsync<long>("select count(*) from audit where action = 'tenant.suspend'")).ShouldBe(3);
        (await world.QueryAsync<long>("select min(seq) from audit_seals")).ShouldBe(6);
        (await world.QueryAsync<string>("select string_agg(detail ->> 'lines', ' ' order by id) from audit where action = 'audit.prune'")).ShouldBe("2 2 1");
        var report = await world.CheckAsync();
        report.Faults.ShouldBeEmpty();
        report.Notes.ShouldContain("Pruned up to number 5.");
        await world.TamperAsync("update audit set actor = 'eve' where id = (select audit_id from audit_seals where seq = 6)");
        (await world.CheckAsync()).Faults.ShouldHaveSingleItem().ShouldStartWith("Number 6: line ");
    }

    [Fact]
    public async Task Should_find_an_anchor_that_was_moved()
    {
        await world.WriteAsync(4, "40 days");
        await world.WriteAsync(3);
        await world.SealAsync();
        await world.Sealer().PruneAsync(Cancellation);
        await world.SealAsync();

        await world.TamperAsync("update audit_chain set anchor_seq = 5, anchor_hash = (select hash from audit_seals where seq = 5), anchor = anchor || '{\"number\": 5}'; delete from audit_seals where seq = 5");

        (await world.CheckAsync()).Faults.ShouldContain(f => f.StartsWith("The lines up to number 5 are gone, and no anchor", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_keep_everything_by_default()
    {
        world.Options.RetentionDays = 0;
        await world.WriteAsync(2, "4000 days");
        await world.SealAsync();

        await world.Sealer().PruneAsync(Cancellation);

        (await world.QueryAsync<long>("select count(*) from audit")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_keep_what_is_not_sealed_and_what_the_object_store_does_not_prove()
    {
        await world.WriteAsync(2, "40 days");
        await world.Sealer().PruneAsync(Cancellation);
        await world.Store.SealAsync(10, Cancellation);
        await world.Sealer().PruneAsync(Cancellation);
        (await world.QueryAsync<long>("select count(*) from audit")).ShouldBe(2);

        await world.SealAsync();
        await world.Sealer().PruneAsync(Cancellation);

        (await world.QueryAsync<long>("select count(*) from audit where action = 'tenant.suspend'")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_not_pass_over_a_younger_line()
    {
        await world.WriteAsync(1, "40 days");
        await world.WriteAsync(1);
        await world.WriteAsync(1, "40 days");
        await world.SealAsync();

        await world.Sealer().PruneAsync(Cancellation);

        (await world.QueryAsync<long>("select count(*) from audit_seals where seq > 1")).ShouldBe(2, "the line after the younger one stays, because the chain has no gaps");
    }

    [Theory]
    [InlineData("select prune_audit(2, interval '1 day', '{}')", "missing, not sealed or not old enough")]
    [InlineData("select prune_audit(9, interval '30 days', '{}')", "missing, not sealed or not old enough")]
    [InlineData("select prune_audit(1, interval '1 second', '{}')", "keeps a line for a day at least")]
    public async Task Should_be_refused_for_what_is_young_or_not_sealed(string sql, string says)
    {
        await world.WriteAsync(1, "40 days");
        await world.WriteAsync(1);
        await world.SealAsync();
        await using var workers = world.As(ProgramLogins.Workers);
        await using var command = workers.CreateCommand(sql);

        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation))).MessageText.ShouldContain(says);
    }

    [Theory]
    [InlineData(ProgramLogins.Api)]
    [InlineData(ProgramLogins.Orchestrator)]
    [InlineData(ProgramLogins.Steps)]
    public async Task Should_be_done_by_the_program_that_seals_only(string login)
    {
        await world.WriteAsync(1, "40 days");
        await world.SealAsync();
        await using var program = world.As(login);
        await using var command = program.CreateCommand("select prune_audit(1, interval '30 days', '{}')");

        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation))).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }
}
