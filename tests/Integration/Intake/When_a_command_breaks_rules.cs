using Saga.Lifecycle.Intake;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_a_command_breaks_rules : IntakeTest
{
    [Fact]
    public async Task Should_refuse_it_and_write_nothing()
    {
        var rejection = await RejectedAsync(Command("acme") with { Isolation = "row", Domain = "localhost" });

        rejection.Code.ShouldBe(RejectionCodes.Validation);
        rejection.Errors.Select(e => e.Pointer).ShouldBe(["/domain", "/isolation"]);
        (await RowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_name_a_bad_idempotency_key_with_the_fields() =>
        (await RejectedAsync(Command("acme") with { Domain = "localhost", IdempotencyKey = " " })).Errors.Select(e => e.Pointer).ShouldBe(["/domain", "/idempotencyKey"]);

    [Fact]
    public async Task Should_refuse_an_unknown_plan() =>
        (await RejectedAsync(Command("acme") with { Plan = "gold" })).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/plan");

    [Fact]
    public async Task Should_write_nothing_when_the_last_statement_fails()
    {
        await using (var cut = Registry.CreateCommand("alter table operation_scopes add constraint none check (false)"))
            await cut.ExecuteNonQueryAsync();

        await Should.ThrowAsync<Npgsql.PostgresException>(() => SubmitAsync(Command("acme") with { IdempotencyKey = "k" }));

        (await RowsAsync()).ShouldBe(0);
    }
}
