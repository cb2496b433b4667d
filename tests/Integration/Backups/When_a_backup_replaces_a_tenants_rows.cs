using System.Text.Json;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Restore;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_backup_replaces_a_tenants_rows
{
    private static readonly string[] Steps = [.. RestoreWorkflow.Replace.Steps.Select(s => s.Name)];

    // Until the switch everything can be undone.
    public static TheoryData<string> Undoable => [.. Steps.TakeWhile(s => s != StepNames.Switch)];

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_have_the_rows_of_the_backup_and_keep_what_was_replaced(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, tier);
        var replaced = (await tenant.ReadAsync()).Current!;

        // The answer of each first attempt was lost.
        foreach (var step in Steps)
        {
            await RunAsync(world, tenant, step);
            await RunAsync(world, tenant, step);
        }

        (await world.EmailsAsync(tenant)).ShouldBe(["a@acme.com"]);
        var now = await tenant.ReadAsync();
        (now.Tier, now.Current!.Place.Server, now.Current.Id == replaced.Id).ShouldBe((tier, replaced.Place.Server, false));
        now.Holds.ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select string_agg(concat_ws(' ', state, kept_until > now() + interval '23 hours'), ' ' order by epoch) from placements")).ShouldBe("kept t current");
        (await world.Registry.ScalarAsync<string>("select string_agg(kind, ' ') from scheduled_commands where state = 'scheduled'")).ShouldBe("remove-copy");
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantRestored'")).ShouldBe(1);
        (await world.RestoredDatabasesAsync(tenant)).ShouldBe(0);
        await world.WriteAsync(tenant);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_return_to_what_was_replaced_when_nothing_was_written_since(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, tier);
        foreach (var step in Steps)
            await RunAsync(world, tenant, step);

        foreach (var step in MoveWorld.Back)
        {
            await RunAsync(world, tenant, step);
            await RunAsync(world, tenant, step);
        }

        (await world.EmailsAsync(tenant)).ShouldBe(["changed@acme.com"]);
        (await tenant.ReadAsync()).Holds.ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("gone current");
        await world.WriteAsync(tenant);
    }

    [Fact]
    public async Task Should_keep_what_was_restored_when_a_row_was_written_since()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, IsolationTier.Schema);
        foreach (var step in Steps)
            await RunAsync(world, tenant, step);
        await world.WriteAsync(tenant);
        foreach (var step in MoveWorld.Back[..2])
            await RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.CompareCopy))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("written-since-restore", false));
        failure.Message.ShouldContain("Table 'users' differs: 2 rows");
    }

    [Theory, MemberData(nameof(Undoable))]
    public async Task Should_leave_everything_as_it_was_when_it_is_undone_after(string last)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, IsolationTier.Schema);
        var before = await world.Registry.ScalarAsync<string>("select string_agg(id || state, ' ') from placements where state <> 'gone'");
        var done = Steps.TakeWhile(s => s != last).Append(last).ToArray();
        foreach (var step in done)
            await RunAsync(world, tenant, step);

        for (var times = 0; times < 2; times++)
        {
            foreach (var step in done.Reverse())
                await world.Database.CompensateAsync(tenant, step);
        }

        await world.Database.Connections.CloseAsync(tenant.Id);
        (await world.EmailsAsync(tenant)).ShouldBe(["changed@acme.com"]);
        (await tenant.ReadAsync()).Holds.ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select string_agg(id || state, ' ') from placements where state <> 'gone'")).ShouldBe(before);
        (await world.Registry.ScalarAsync<long>("select count(*) from tenant_credentials where purpose like 'database%'")).ShouldBe(1);
        (await world.RestoredDatabasesAsync(tenant)).ShouldBe(0);
        await world.WriteAsync(tenant);
    }

    [Fact]
    public async Task Should_not_be_undone_after_the_switch()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, IsolationTier.Schema);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.OpenReplacement))
            await RunAsync(world, tenant, step);

        (await Should.ThrowAsync<StepFailureException>(() => world.Database.CompensateAsync(tenant, StepNames.Switch))).Failure.Code.ShouldBe("already-switched");
    }

    [Fact]
    public async Task Should_refuse_rows_that_are_not_those_that_were_restored()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, IsolationTier.Schema);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.CheckReplacement))
            await RunAsync(world, tenant, step);
        var (database, schema) = (await world.Registry.ScalarAsync<string>("select database from placements where state = 'building'"), await world.Registry.ScalarAsync<string>("select schema from placements where state = 'building'"));
        await world.Database.AdminQueryAsync<int>(database!, $"delete from {schema}.documents returning 1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.CheckReplacement))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("rows-differ", false));
        failure.Message.ShouldContain("Table 'documents' differs");
    }

    [Theory]
    [InlineData(StepNames.FillReplacement)]
    [InlineData(StepNames.CheckReplacement)]
    [InlineData(StepNames.TakeAwayReplaced)]
    public async Task Should_do_nothing_in_a_late_attempt(string step)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ChangedAsync(world, IsolationTier.Schema);
        foreach (var before in Steps.TakeWhile(s => s != step))
            await RunAsync(world, tenant, before);
        var late = await tenant.BeginAsync(step);
        await tenant.BeginAsync(step);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).ExecuteAsync(late, default));
        (await tenant.ReadAsync()).Holds.ShouldBeEmpty();
    }

    // A tenant whose rows have changed since its backup, and whose operation restores that.
    private static async Task<SeededTenant> ChangedAsync(BackupWorld world, IsolationTier tier)
    {
        var tenant = await world.ActiveAsync(tier);
        var backup = await world.BackUpAsync(tenant);
        await world.Registry.ExecuteAsync(
            "delete from outbox; delete from operation_steps; update operations set kind = 'restore', input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new RestoreTenant { TenantId = tenant.Id, BackupId = backup, Mode = "replace" }, Saga.Contracts.Json.Options) });
        await using var session = await world.Database.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("update users set email = 'changed@acme.com'");
        await session.CommitAsync(default);
        return tenant;
    }

    // Later steps read what these return.
    private static async Task RunAsync(BackupWorld world, SeededTenant tenant, string step)
    {
        if (await world.Database.ExecuteAsync(tenant, step) is { } output and (MoveOutput or RestoredOutput))
            await tenant.LeaveAsync(step, output);
    }
}
