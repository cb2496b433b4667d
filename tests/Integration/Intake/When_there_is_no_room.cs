using Npgsql;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Intake;

public sealed class When_there_is_no_room : IntakeTest
{
    [Theory]
    [InlineData("mars")]
    [InlineData(null)]
    public async Task Should_refuse_a_region_without_a_server_in_a_dry_run_and_in_earnest(string? region)
    {
        if (region is null)
            await ExecuteAsync("update database_servers set accepting = false");
        var command = Command("acme") with { Region = region };

        var (dry, real) = ((await Intake.PlanAsync(command, default)).Rejection!, await RejectedAsync(command));

        real.Code.ShouldBe(RejectionCodes.NoServer);
        (dry.Code, dry.Detail).ShouldBe((real.Code, real.Detail));
        real.Errors.Select(e => e.Pointer).ShouldBe(region is null ? [] : ["/region"]);
        (await RowsAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_need_a_server_with_a_read_replica_for_a_tenant_that_wants_one()
    {
        var command = Command("acme") with { ReadReplica = true };

        var (dry, real) = ((await Intake.PlanAsync(command, default)).Rejection!, await RejectedAsync(command));

        (real.Code, real.Errors.ShouldHaveSingleItem().Pointer).ShouldBe((RejectionCodes.NoReplica, "/readReplica"));
        (dry.Code, dry.Detail).ShouldBe((real.Code, real.Detail));
        (await RowsAsync()).ShouldBe(0);

        await ExecuteAsync("insert into server_replicas (server, name, host, port) values ('main', 'b', '127.0.0.1', 5432); update database_servers set max_tenants = 5, placed = 5 where name = 'main'");
        await ExecuteAsync("insert into database_servers (name, region, host, port, max_tenants, max_schemas_per_database) values ('roomy', 'eu', '127.0.0.1', 5432, 100, 100)");
        var full = await RejectedAsync(command);
        (full.Code, full.Detail).ShouldBe((RejectionCodes.ServerFull, "The database servers with a read replica are full: 'main' holds 5 of 5 tenants."));
        (await Intake.PlanAsync(command with { ReadReplica = false }, default)).Rejection.ShouldBeNull();

        await ExecuteAsync("update database_servers set placed = 4 where name = 'main'");
        (await Intake.PlanAsync(command, default)).Workflow!.Steps.ShouldContain(s => s.Name == Saga.Contracts.Steps.StepNames.CreateReplica);
        await AcceptedAsync(command);
    }

    [Fact]
    public async Task Should_count_what_was_accepted_before_and_has_no_place_yet()
    {
        await ExecuteAsync("update database_servers set max_tenants = 5, placed = 3");
        var first = await AcceptedAsync(Command("acme"));
        await AcceptedAsync(Command("bolt"));
        var rows = await RowsAsync();

        var (dry, real) = ((await Intake.PlanAsync(Command("cord"), default)).Rejection!, await RejectedAsync(Command("cord")));

        (real.Code, real.Detail).ShouldBe((RejectionCodes.ServerFull, "The database servers are full: 'main' holds 3 of 5 tenants, and 2 accepted tenants wait for a place."));
        (dry.Code, dry.Detail).ShouldBe((real.Code, real.Detail));
        (await RowsAsync()).ShouldBe(rows);

        await EndAsync(first.OperationId, "compensated", "failed");
        await AcceptedAsync(Command("cord"));
    }

    [Fact]
    public async Task Should_keep_the_room_of_a_region_for_those_who_need_it()
    {
        await ExecuteAsync("update database_servers set max_tenants = 1");
        await Seed.ServerAsync(Registry, "us-1", "us", maxTenants: 2);
        await AcceptedAsync(Command("acme") with { Region = "eu" });
        await AcceptedAsync(Command("bolt"));

        (await RejectedAsync(Command("cord") with { Region = "eu" })).Code.ShouldBe(RejectionCodes.ServerFull);
        await AcceptedAsync(Command("cord") with { Region = "us" });
        (await RejectedAsync(Command("dune"))).Code.ShouldBe(RejectionCodes.ServerFull);
    }

    [Fact]
    public async Task Should_accept_as_many_at_once_as_there_is_room_for()
    {
        await ExecuteAsync("update database_servers set max_tenants = 7");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => SubmitAsync(Command($"acme-{i}"))));

        outcomes.Count(o => o is CommandAccepted).ShouldBe(7);
        outcomes.OfType<CommandRejected>().ShouldAllBe(r => r.Rejection.Code == RejectionCodes.ServerFull);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Registry.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
