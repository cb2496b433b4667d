using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Exports;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Exports;

public sealed class When_an_export_fails
{
    private static readonly Failure Why = new() { Code = "s3-access-denied", Message = "The S3 server refused.", Kind = FailureKind.Permanent };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Should_leave_nothing_and_be_announced_once_after_any_step(int steps)
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        foreach (var step in ((string[])[StepNames.BeginExport, StepNames.WriteExport]).Take(steps))
            await world.Database.ExecuteAsync(tenant, step);

        await world.UndoAsync(tenant, Why);
        await world.UndoAsync(tenant);

        world.Files().ShouldBeEmpty();
        var export = await world.FindAsync(tenant);
        (export.State, export.Failure?.Code, export.File, export.ExpiresAt).ShouldBe((ExportState.Failed, "s3-access-denied", null, null));
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantExportFailed' and body::jsonb ->> 'code' = 's3-access-denied'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'export.fail'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from scheduled_commands where state = 'scheduled'")).ShouldBe(0);
        world.Log.All.Count(l => l.StartsWith("2890 ", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_who_cancelled_it()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.Database.ExecuteAsync(tenant, StepNames.BeginExport);
        await world.Registry.ExecuteAsync("""update operations set cancellation = '{"actor":"ada","reason":"Wrong tenant."}', failure = '{"code":"cancelled","message":"…"}'""");

        await world.UndoAsync(tenant);

        (await world.Registry.ScalarAsync<string>("select body::jsonb ->> 'code' || ' ' || (body::jsonb ->> 'reason') from outbox")).ShouldBe("cancelled Cancelled by ada: Wrong tenant.");
        (await world.FindAsync(tenant)).Failure.ShouldBeNull();
    }

    [Fact]
    public async Task Should_not_begin_again_once_it_was_undone()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.ExportAsync(tenant);
        await world.UndoAsync(tenant, Why);

        foreach (var step in (string[])[StepNames.BeginExport, StepNames.WriteExport])
            (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, step))).Failure.Code.ShouldBe("export-ended");
        world.Files().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(StepNames.BeginExport)]
    [InlineData(StepNames.WriteExport)]
    public async Task Should_do_nothing_in_a_late_attempt(string step)
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Row);
        await world.ExportAsync(tenant);
        var (late, before) = (await tenant.BeginAsync(step), world.Files());
        await tenant.BeginAsync(step);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).ExecuteAsync(late, default));
        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).CompensateAsync(late, default));
        world.Files().ShouldBe(before);
        (await world.FindAsync(tenant)).State.ShouldBe(ExportState.Completed);
    }

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_read_nothing_of_a_closed_place(IsolationTier tier)
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(tier);
        await world.Database.ExecuteAsync(tenant, StepNames.BeginExport);
        await world.Database.AdminQueryAsync<int>((await tenant.ReadAsync()).Placement!.Database, $"update saga.place set mode = 'closed' where tenant_id = '{tenant.Id}' returning 1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.WriteExport))).Failure;

        (failure.Code, failure.Kind).ShouldBe(("place-closed", FailureKind.Permanent));
        world.Files().ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_tried_again_when_the_session_ends_meanwhile()
    {
        await using var world = await ExportWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Schema);
        var read = await tenant.ReadAsync();
        await using var snapshot = await Saga.Workers.Exports.TenantSnapshot.OpenAsync(
            world.Database.Connections, world.Database.Get<Saga.Workers.Database.Servers.ConnectionBudgets>(), read, read.Placed!, default);
        var table = (await snapshot.TablesAsync(default)).Single(t => t.Name == "users");
        (await snapshot.CountAsync(table, null, null, default)).ShouldBe(1);

        await world.Database.AdminQueryAsync<bool>("postgres", $"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{read.Placed!.Login}'");

        var error = await Should.ThrowAsync<Exception>(() => snapshot.CountAsync(table, null, null, default));
        Saga.Workers.Exports.TenantSnapshot.Translate(read.Placement!.Server, error)!.Failure.Transient.ShouldBeTrue();
    }
}
