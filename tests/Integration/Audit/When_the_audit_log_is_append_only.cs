using Npgsql;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Audit;

[IsolationSuite]
public sealed class When_the_audit_log_is_append_only : IAsyncLifetime
{
    private static readonly string[] Programs = [ProgramLogins.Api, ProgramLogins.Orchestrator, ProgramLogins.Workers, ProgramLogins.Steps];

    private static readonly string[] Attempts =
    [
        "update audit set actor = 'eve'", "delete from audit", "truncate audit",
        "update audit_seals set hash = sha256('x')", "delete from audit_seals", "truncate audit_seals",
        "insert into audit_unsealed values (1)", "update audit_unsealed set audit_id = 7", "alter table audit disable trigger all", "drop trigger keep_audit on audit",
        "set session_replication_role = replica",
    ];

    private AuditWorld world = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Tries => new(Programs.SelectMany(p => Attempts.Select(a => (p, a))));

    public async ValueTask InitializeAsync()
    {
        world = await AuditWorld.CreateAsync();
        await world.WriteAsync(2);
        await world.SealAsync();
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Theory]
    [MemberData(nameof(Tries))]
    public async Task Should_let_no_program_change_it(string login, string sql) =>
        (await RefusedAsync(login, sql)).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);

    /// <summary>The owner has all rights, and may drop what protects the log. But nothing that it does by mistake removes a line.</summary>
    [Theory]
    [InlineData("update audit set actor = 'eve'")]
    [InlineData("delete from audit")]
    [InlineData("truncate audit")]
    [InlineData("delete from audit_seals")]
    [InlineData("update audit_seals set hash = sha256('x')")]
    [InlineData("truncate audit_seals")]
    public async Task Should_not_let_its_owner_change_it_by_mistake(string sql)
    {
        await using var command = world.Registry.CreateCommand(sql);

        (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation))).MessageText.ShouldContain("is append-only");
    }

    [Theory]
    [InlineData(ProgramLogins.Orchestrator)]
    [InlineData(ProgramLogins.Workers)]
    public async Task Should_let_the_Api_only_write_that_it_refused_requests(string login)
    {
        (await RefusedAsync(login, "insert into audit (actor, action, occurrences) values ('ada', 'request.refuse', 3)")).SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await RefusedAsync(login, "insert into audit (actor, action) values ('ada', 'request.refuse')")).SqlState.ShouldBe(PostgresErrorCodes.CheckViolation);
        await using var program = world.As(login);
        await using (var allowed = program.CreateCommand("insert into audit (actor, action) values ('ada', 'tenant.suspend')"))
            await allowed.ExecuteNonQueryAsync(Cancellation);
        await using var api = world.As(ProgramLogins.Api);
        await using (var refusal = api.CreateCommand("insert into audit (actor, action, occurrences) values ('ada', 'request.refuse', 3)"))
            await refusal.ExecuteNonQueryAsync(Cancellation);
    }

    [Fact]
    public async Task Should_take_the_reason_and_the_outcome_of_a_program_of_the_version_before()
    {
        await world.ExecuteAsync("insert into audit (actor, action, detail) values ('ada', 'command.refuse', '{\"reason\": \"Because.\"}'), ('ada', 'tenant.verify', '{}')");

        (await world.QueryAsync<string>("select string_agg(concat_ws(' ', action, outcome, reason), ', ' order by id) from audit where actor = 'ada' and action <> 'tenant.suspend'"))
            .ShouldBe("command.refuse refused Because., tenant.verify allowed");
    }

    private async Task<PostgresException> RefusedAsync(string login, string sql)
    {
        await using var program = world.As(login);
        await using var command = program.CreateCommand(sql);
        return await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync(Cancellation));
    }
}
