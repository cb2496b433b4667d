using Saga.Host.Commands;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Audit;

/// <summary>Somebody may do everything in the registry, and nothing elsewhere.</summary>
public sealed class When_the_audit_log_was_tampered_with : IAsyncLifetime
{
    // Computes the whole chain anew, as somebody would who knows docs/audit.md.
    private const string ComputeAnew =
        """
        do $$
        declare
            line record;
            former bytea := decode(repeat('00', 32), 'hex');
            number bigint := 0;
        begin
            for line in select s.audit_id, a.* from audit_seals s join audit a on a.id = s.audit_id order by s.seq loop
                number := number + 1;
                former := sha256(former || convert_to(concat(E'saga-audit-1\n', number, E'\n', (
                    select string_agg(coalesce(octet_length(f.value) || ':' || f.value, '-') || E'\n', '' order by f.place)
                    from unnest(array[line.id::text, to_char(line.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), line.actor, line.action, line.tenant_id::text,
                        line.operation_id::text, line.outcome, line.origin, line.reason, line.occurrences::text, line.before::text, line.after::text, line.detail::text])
                        with ordinality f (value, place))), 'UTF8'));
                update audit_seals set seq = number, hash = former where audit_id = line.audit_id;
            end loop;
            update audit_chain set seq = number, hash = former;
        end $$
        """;

    private AuditWorld world = null!;

    public async ValueTask InitializeAsync()
    {
        world = await AuditWorld.CreateAsync();
        await world.WriteAsync(6);
        await world.SealAsync();
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Theory]
    [InlineData("update audit set actor = 'eve' where id = (select audit_id from audit_seals where seq = 3)", "Number 3: line ", "was changed")]
    [InlineData("update audit set detail = detail || '{\"more\": 1}' where id = (select audit_id from audit_seals where seq = 6)", "Number 6: line ", "was changed")]
    [InlineData("update audit set at = at + interval '1 microsecond' where id = (select audit_id from audit_seals where seq = 1)", "Number 1: line ", "was changed")]
    [InlineData("delete from audit where id = (select audit_id from audit_seals where seq = 3)", "Number 3: line ", "is missing")]
    [InlineData("delete from audit a using audit_seals s where a.id = s.audit_id and s.seq = 3; delete from audit_seals where seq = 3", "The numbers 3 to 3 are missing.", "")]
    [InlineData("delete from audit a using audit_seals s where a.id = s.audit_id and s.seq <= 2; delete from audit_seals where seq <= 2", "The numbers 1 to 2 are missing.", "")]
    [InlineData("update audit_chain set anchor_seq = 2, anchor_hash = (select hash from audit_seals where seq = 2); delete from audit_seals where seq <= 2", "The lines up to number 2 are gone, and no anchor", "")]
    [InlineData("insert into audit (id, actor, action) overriding system value values (99, 'eve', 'tenant.suspend')", "Line 99 of the audit log is neither sealed", "")]
    [InlineData("insert into audit_unsealed values (99)", "Line 99 of the audit log was removed before it was sealed.", "")]
    [InlineData("delete from audit_seals where seq = 6; update audit_chain set seq = 5, hash = (select hash from audit_seals where seq = 5)", "The head of ", "its end was cut off")]
    [InlineData("delete from audit_chain", "The row with the end of the chain is missing.", "")]
    [InlineData("update audit_chain set hash = sha256('x')", "The chain ends at number 6, and the registry says 6", "")]
    [InlineData("update audit_heads set document = document || '{\"number\": 5}'", "The head of ", "has a wrong signature")]
    [InlineData("update audit_heads set document = '{}'", "The head of ", "cannot be read as a head")]
    [InlineData("update audit_heads set document = document || '{\"keyId\": \"0123456789abcdef\"}'", "The head of ", "which is not configured")]
    public async Task Should_be_found(string sql, string begins, string has)
    {
        await world.TamperAsync(sql);

        var report = await world.CheckAsync();

        report.IsWhole.ShouldBeFalse();
        report.Faults.ShouldContain(f => f.StartsWith(begins, StringComparison.Ordinal) && f.Contains(has, StringComparison.Ordinal), string.Join('\n', report.Faults));
        AuditCommands.Lines(report).Last().ShouldEndWith("faults.");
    }

    [Fact]
    public async Task Should_end_the_command_with_1_and_otherwise_with_0()
    {
        (await AuditCommands.CheckAsync(world.Configuration(), TestContext.Current.CancellationToken)).ShouldBe(0);

        await world.TamperAsync("update audit set actor = 'eve' where id = (select audit_id from audit_seals where seq = 3)");

        (await AuditCommands.CheckAsync(world.Configuration(), TestContext.Current.CancellationToken)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_be_hidden_by_computing_the_chain_anew()
    {
        await world.TamperAsync($"update audit set actor = 'eve' where id = (select audit_id from audit_seals where seq = 3); {ComputeAnew}; delete from audit_heads");

        var fault = (await world.CheckAsync()).Faults.ShouldHaveSingleItem();

        fault.ShouldStartWith("The head audit/");
        fault.ShouldEndWith("says that number 6 has another hash: lines up to there were changed, and the chain was recomputed.");
    }

    [Fact]
    public async Task Should_not_be_hidden_by_cutting_the_end_off_cleanly()
    {
        await world.TamperAsync(
            """
            delete from audit a using audit_seals s where a.id = s.audit_id and s.seq > 4; delete from audit_seals where seq > 4;
            update audit_chain set seq = 4, hash = (select hash from audit_seals where seq = 4); delete from audit_heads
            """);

        (await world.CheckAsync()).Faults.ShouldHaveSingleItem().ShouldEndWith("proves the lines up to number 6, and the audit log has none of that number: its end was cut off.");
    }

    [Fact]
    public async Task Should_not_be_hidden_by_the_lines_that_come_after()
    {
        await world.TamperAsync($"update audit set actor = 'eve' where id = (select audit_id from audit_seals where seq = 3); {ComputeAnew}; delete from audit_heads");
        await world.WriteAsync(2);
        await world.Store.SealAsync(10, TestContext.Current.CancellationToken);

        (await world.CheckAsync()).Faults.ShouldHaveSingleItem().ShouldContain("number 6 has another hash");
    }

    [Fact]
    public async Task Should_be_found_when_the_object_store_lost_its_head()
    {
        await world.RemoveCopiesAsync();

        (await world.CheckAsync()).Faults.ShouldHaveSingleItem().ShouldStartWith("The object store had the head of ");
    }

    [Fact]
    public async Task Should_verify_heads_of_a_former_key_with_its_public_half_only()
    {
        var former = world.Keys();
        world.Options.SigningKey = AuditWorld.NewKey();
        (await world.CheckAsync()).Faults.ShouldContain(f => f.Contains($"is signed by the key {former.OwnId}, which is not configured", StringComparison.Ordinal));

        world.Options.PublicKeys["former"] = world.PublicKey;

        (await world.CheckAsync()).Faults.ShouldBeEmpty();
    }

    /// <summary>A restored registry has fewer lines than the object store proves. That looks like a cut, until a person says that it is none.</summary>
    [Fact]
    public async Task Should_accept_the_end_of_a_chain_that_a_restore_cut_when_a_person_does()
    {
        var chain = await world.QueryAsync<Guid>("select chain from audit_chain");
        await world.TamperAsync(
            """
            delete from audit a using audit_seals s where a.id = s.audit_id and s.seq > 4; delete from audit_seals where seq > 4; delete from audit_heads;
            update audit_chain set chain = gen_random_uuid(), seq = 4, hash = (select hash from audit_seals where seq = 4)
            """);
        await world.WriteAsync(5);
        await world.SealAsync();
        (await world.CheckAsync()).Faults.ShouldHaveSingleItem().ShouldEndWith($"If a restore of the registry lost them, accept that with Saga:Audit:AcceptedChains:0={chain}.");

        world.Options.AcceptedChains.Add(chain.ToString());

        var report = await world.CheckAsync();
        report.Faults.ShouldBeEmpty();
        report.Lines.ShouldBe(9);
    }
}
