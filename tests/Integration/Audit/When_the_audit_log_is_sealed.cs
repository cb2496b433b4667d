using Npgsql;
using Saga.Registry.Audit;
using Saga.Tests.Support;
using Saga.Workers.Audit;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Audit;

public sealed class When_the_audit_log_is_sealed : IAsyncLifetime
{
    private AuditWorld world = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => world = await AuditWorld.CreateAsync();

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_have_every_line_once_in_one_chain()
    {
        await world.WriteAsync(5);
        await world.SealAsync();
        await world.WriteAsync(AuditSealer.BatchSize + 1);
        await world.SealAsync();
        await world.SealAsync();

        var report = await world.CheckAsync();

        report.Faults.ShouldBeEmpty();
        report.Lines.ShouldBe(AuditSealer.BatchSize + 6);
        report.Notes.ShouldContain(n => n.StartsWith($"Sealed up to number {AuditSealer.BatchSize + 6}, line ", StringComparison.Ordinal));
        report.Notes.ShouldContain(n => n.StartsWith($"The object store proves it up to number {AuditSealer.BatchSize + 6}, ", StringComparison.Ordinal));
        (await world.QueryAsync<long>("select count(*) from audit_unsealed")).ShouldBe(0);
        world.StoredFiles.ShouldHaveSingleItem("the day's former head is removed when there is a newer one");
    }

    /// <summary>The contract in SQL, as anybody would verify it without this program.</summary>
    [Fact]
    public async Task Should_have_the_hashes_of_the_documented_form()
    {
        await world.WriteAsync(2);
        await world.ExecuteAsync(
            """
            insert into audit (actor, action, tenant_id, operation_id, origin, before, after, detail)
            values ('Ada Ünlü', 'hold.set', gen_random_uuid(), gen_random_uuid(), 'http 2001:db8::1', '{"b": 1.50, "a": null}', '{"x": [1, {"y": "é"}]}', null);
            insert into audit (actor, action, occurrences, detail) values ('anonymous', 'request.refuse', 7, '{}');
            """);
        await world.SealAsync();

        (await world.QueryAsync<long>(
            """
            with recursive fields as (
                select s.seq, s.hash, convert_to(concat(E'saga-audit-1\n', s.seq, E'\n', (
                    select string_agg(coalesce(octet_length(f.value) || ':' || f.value, '-') || E'\n', '' order by f.place)
                    from unnest(array[a.id::text, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a.actor, a.action, a.tenant_id::text, a.operation_id::text,
                        a.outcome, a.origin, a.reason, a.occurrences::text, a.before::text, a.after::text, a.detail::text]) with ordinality f (value, place))), 'UTF8') as form
                from audit_seals s join audit a on a.id = s.audit_id),
            chain as (
                select 0::bigint as seq, decode(repeat('00', 32), 'hex') as hash
                union all select f.seq, sha256(c.hash || f.form) from chain c join fields f on f.seq = c.seq + 1)
            select count(*) from chain c join audit_seals s using (seq, hash)
            """)).ShouldBe(4);
    }

    [Fact]
    public async Task Should_give_a_line_that_commits_late_a_later_number()
    {
        await using var late = await world.Registry.OpenConnectionAsync(Cancellation);
        await using var transaction = await late.BeginTransactionAsync(Cancellation);
        await using (var insert = new NpgsqlCommand("insert into audit (actor, action) values ('late', 'tenant.suspend')", late, transaction))
            await insert.ExecuteNonQueryAsync(Cancellation);
        await world.WriteAsync(2);
        await world.SealAsync();
        await transaction.CommitAsync(Cancellation);
        await world.SealAsync();

        (await world.QueryAsync<string>("select string_agg(a.actor, ' ' order by s.seq) from audit_seals s join audit a on a.id = s.audit_id")).ShouldBe("ada ada late");
        (await world.QueryAsync<bool>("select id = (select min(id) from audit) from audit where actor = 'late'")).ShouldBeTrue();
        (await world.CheckAsync()).Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_done_by_one_process_at_a_time()
    {
        await using var other = await world.Registry.OpenConnectionAsync(Cancellation);
        await using (var transaction = await other.BeginTransactionAsync(Cancellation))
        {
            await using (var take = new NpgsqlCommand("select from audit_chain for update", other, transaction))
                await take.ExecuteNonQueryAsync(Cancellation);
            await world.WriteAsync(1);

            (await world.Store.SealAsync(10, Cancellation)).ShouldBeNull();
            (await world.Store.SignAsync(_ => throw new InvalidOperationException("Another one is sealing."), Cancellation)).ShouldBeFalse();
        }

        (await world.Store.SealAsync(10, Cancellation)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_have_one_chain_when_many_seal_while_many_write()
    {
        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(async _ =>
            {
                for (var i = 0; i < 20; i++)
                    await world.WriteAsync(3);
            }).Concat(Enumerable.Range(0, 4).Select(async _ =>
            {
                for (var i = 0; i < 20; i++)
                    await world.SealAsync();
            })));
        await world.SealAsync();

        var report = await world.CheckAsync();
        report.Faults.ShouldBeEmpty();
        report.Lines.ShouldBe(240);
    }

    /// <summary>Whatever the sealer has done when it dies, the next one goes on. A line that another wrote meanwhile changes nothing.</summary>
    [Theory]
    [InlineData("before the seals commit")]
    [InlineData("before the head is signed")]
    [InlineData("before the head is copied")]
    [InlineData("before the copy is recorded")]
    public async Task Should_survive_the_death_of_the_sealer(string point)
    {
        await world.WriteAsync(3);
        await world.SealAsync();
        await world.WriteAsync(3);
        var keys = world.Keys();
        if (point == "before the seals commit")
        {
            await world.ExecuteAsync("create function die() returns trigger language plpgsql as $$ begin raise 'killed'; end $$; create trigger die before update on audit_chain for each row execute function die()");
            await Should.ThrowAsync<PostgresException>(() => world.Store.SealAsync(10, Cancellation));
            await world.ExecuteAsync("drop function die cascade");
            (await world.QueryAsync<long>("select count(*) from audit_seals")).ShouldBe(3);
        }
        else
            (await world.Store.SealAsync(10, Cancellation)).ShouldBe(3);
        if (point is "before the head is copied" or "before the copy is recorded")
            (await world.Store.SignAsync(end => keys.Sign(AuditMark.Head, end), Cancellation)).ShouldBeTrue();
        if (point == "before the copy is recorded")
            await world.Copies.WriteAsync((await world.Store.UncopiedAsync(10, Cancellation)).Single().Mark, Cancellation);
        (await world.CheckAsync()).Faults.ShouldBeEmpty();

        await world.WriteAsync(1);
        await world.SealAsync();

        var report = await world.CheckAsync();
        report.Faults.ShouldBeEmpty();
        report.Notes.ShouldContain(n => n.StartsWith("The object store proves it up to number 7,", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_be_chained_without_a_key_and_say_so()
    {
        world.Options.SigningKey = "";
        await world.WriteAsync(2);
        await world.SealAsync();

        var report = await world.CheckAsync();

        report.Lines.ShouldBe(2);
        report.Faults.ShouldHaveSingleItem().ShouldStartWith("No head is signed.");
        var health = await new AuditProofHealth(world.Keys(), world.Sealer()).CheckHealthAsync(new(), Cancellation);
        health.Description!.ShouldContain("Saga:Audit:SigningKey");
    }

    [Fact]
    public async Task Should_say_how_far_it_is_behind()
    {
        await world.WriteAsync(1);
        await world.ExecuteAsync("update audit_unsealed set queued_at = now() - interval '5 minutes'");

        (await world.Store.LagAsync(Cancellation)).Age!.Value.TotalMinutes.ShouldBe(5, 0.5);
        await world.SealAsync();
        (await world.Store.LagAsync(Cancellation)).ShouldBe(new(null, 1));
    }
}
