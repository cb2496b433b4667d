using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Upgrades;
using Saga.Registry.Backups;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_an_upgrade_is_rehearsed
{
    private const int Older = 4;
    private const int Newer = 5;

    private static readonly string[] Steps = [.. RehearsalPlan.Workflows[0].Steps.Select(s => s.Name)];

    public static TheoryData<string> All => [.. Steps];

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_migrate_a_copy_and_leave_the_place_as_it_is(IsolationTier tier)
    {
        await using var old = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(old, tier);
        await using var world = await NewAsync(old, tenant);

        // The answer of each first attempt was lost.
        foreach (var step in Steps)
        {
            await RunAsync(world, tenant, step);
            if (step == StepNames.EndRehearsal)
                continue;
            var output = JsonSerializer.SerializeToElement(await RunAsync(world, tenant, step), Json.Options);
            if (step == StepNames.VerifyRestored)
                (output.GetProperty("fromVersion").GetInt32(), output.GetProperty("schemaVersion").GetInt32(), output.GetProperty("counts").GetProperty("users").GetInt64()).ShouldBe((Older, Newer, 1));
        }

        await RunAsync(world, tenant, StepNames.EndRehearsal);

        await UntouchedAsync(world, tenant);
        var backup = (await world.Store.FindAsync(await world.IdAsync(tenant), default))!;
        (backup.State, backup.IncludesObjects, backup.ProvenAt is null).ShouldBe((BackupState.Completed, false, false));
    }

    [Fact]
    public async Task Should_stop_at_the_version_that_is_wanted()
    {
        await using var old = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(old, IsolationTier.Schema);
        // Two files further than what is rehearsed, of which the last one fails.
        await using var world = await NewAsync(old, tenant, new ProductMigration(Newer + 1, "0006_broken", "select 1 / 0"));

        foreach (var step in Steps.TakeWhile(s => s != StepNames.EndRehearsal))
            await RunAsync(world, tenant, step);

        (await world.Database.AdminQueryAsync<int>($"restored_{tenant.OperationId:n}", $"select max(version) from {(await tenant.ReadAsync()).Placement!.Schema}.schema_migrations")).ShouldBe([Newer]);
    }

    [Theory]
    [InlineData(IsolationTier.Schema, "23514", "postgresql-23514")]
    [InlineData(IsolationTier.Database, "23514", "postgresql-23514")]
    // The disk is full. Elsewhere the step would wait until it is not.
    [InlineData(IsolationTier.Database, "53100", "no-room")]
    public async Task Should_leave_nothing_when_the_migration_fails_and_raise_no_alert_of_the_backup(IsolationTier tier, string state, string code)
    {
        await using var old = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(old, tier);
        await old.Database.AdminQueryAsync<int>((await tenant.ReadAsync()).Placement!.Database, $"update {(await tenant.ReadAsync()).Placement!.Schema}.users set display_name = '{state}' returning 1");
        await using var world = await NewAsync(old, tenant);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.VerifyRestored))).Failure;
        await world.Registry.ExecuteAsync(
            "update operations set failure = @Failure::jsonb, failed_step = @VerifyRestored, failed_back = false where id = @OperationId",
            new { tenant.OperationId, StepNames.VerifyRestored, Failure = JsonSerializer.Serialize(failure, Json.Options) });
        await UndoAsync(world, tenant);

        (failure.Code, failure.Kind).ShouldBe((code, FailureKind.Permanent));
        await UntouchedAsync(world, tenant);
        (await world.Registry.ScalarAsync<string>("select state || ' ' || (failure ->> 'code') from backups")).ShouldBe($"failed {code}");
        world.Files().ShouldBeEmpty();
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantBackupFailed'")).ShouldBe(1, "whoever heard of the backup must hear that it is gone");
        world.Log.All.ShouldNotContain(l => l.StartsWith("2720 ", StringComparison.Ordinal));
        world.Log.All.Count(l => l.StartsWith("2721 ", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData(StepNames.CheckBackup, "backup-damaged", true)]
    [InlineData(StepNames.VerifyRestored, "restore-differs", true)]
    [InlineData(StepNames.VerifyRestored, "postgresql-23514", false)]
    public async Task Should_raise_the_alert_of_a_backup_that_cannot_be_restored(string step, string code, bool alerts)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Schema);
        foreach (var before in Steps.TakeWhile(s => s != StepNames.CheckBackup))
            await world.Database.ExecuteAsync(tenant, before);
        await world.Registry.ExecuteAsync(
            "update operations set failure = @Failure::jsonb, failed_step = @step, failed_back = false where id = @OperationId",
            new { tenant.OperationId, step, Failure = JsonSerializer.Serialize(new Failure { Code = code, Message = "So it is.", Kind = FailureKind.Permanent }, Json.Options) });

        await UndoAsync(world, tenant);

        world.Log.All.Any(l => l.StartsWith("2720 ", StringComparison.Ordinal)).ShouldBe(alerts);
    }

    [Theory, MemberData(nameof(All))]
    public async Task Should_leave_nothing_when_it_is_undone_after(string last)
    {
        await using var old = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(old, IsolationTier.Schema);
        await using var world = await NewAsync(old, tenant);
        foreach (var step in Steps.TakeWhile(s => s != last).Append(last))
            await RunAsync(world, tenant, step);

        await UndoAsync(world, tenant);
        await UndoAsync(world, tenant);

        await UntouchedAsync(world, tenant);
        world.Files().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("update placements set schema = 'elsewhere' where state = 'current'", "are not in schema")]
    [InlineData("update operation_steps set output = output || '{\"schemaVersion\": 4}' where step = 'restored.verify'", "has version 4 of the product's schema, and not 5")]
    public async Task Should_not_vouch_for_another_place_or_another_version(string meanwhile, string message)
    {
        await using var old = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(old, IsolationTier.Schema);
        await using var world = await NewAsync(old, tenant);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.EndRehearsal))
            await RunAsync(world, tenant, step);
        await world.Registry.ExecuteAsync(meanwhile);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.EndRehearsal))).Failure;

        (failure.Code, failure.Kind).ShouldBe(("rehearsal-differs", FailureKind.Permanent));
        failure.Message.ShouldContain(message);
    }

    [Fact]
    public async Task Should_wait_for_a_worker_with_the_files()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Schema);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await RunAsync(world, tenant, step);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.VerifyRestored))).Failure;

        (failure.Code, failure.Kind).ShouldBe(("product-older", FailureKind.Overload));
    }

    [Fact]
    public async Task Should_not_restore_what_it_has_not_backed_up()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await ActiveAsync(world, IsolationTier.Schema);

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.CheckBackup))).Failure.Code.ShouldBe("backup-not-begun");
    }

    private static async Task<SeededTenant> ActiveAsync(BackupWorld world, IsolationTier tier)
    {
        var tenant = await world.ActiveAsync(tier);
        var place = (await tenant.ReadAsync()).Placement!;
        // As the intake stores it.
        var command = new RehearseUpgrade { TenantId = tenant.Id, Server = place.Server, Database = place.Database, Schema = place.Schema, TargetVersion = Newer, IncludeObjects = false };
        await world.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb, kind = @Kind where id = @OperationId",
            new { tenant.OperationId, RehearsalPlan.Kind, Input = JsonSerializer.Serialize(command, Json.Options) });
        return tenant;
    }

    // Workers of the same installation with a new file, which fails for a tenant with a user whose name is an SQLSTATE.
    private static async Task<BackupWorld> NewAsync(BackupWorld old, SeededTenant tenant, params ProductMigration[] further)
    {
        var registry = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(await PostgresServer.AdminConnectionStringAsync()) { Database = new NpgsqlConnectionStringBuilder(old.Registry.ConnectionString).Database }.ConnectionString);
        var file = new ProductMigration(
            Newer, "0005_note",
            """
            alter table users add column note text;
            do $$ declare code text; begin
                select display_name into code from users where display_name ~ '^[0-9]+$';
                if found then
                    raise exception 'It does not fit' using errcode = code;
                end if;
            end $$;
            """);
        var world = await BackupWorld.CreateAsync(
            registry, services => services.AddSingleton(new ProductMigrations([.. ProductMigrations.Embedded().All, file, .. further])));
        // It has a folder of its own.
        await RunAsync(world, tenant, StepNames.Storage);
        return world;
    }

    // Stores the output that a later step reads, as the orchestrator does.
    private static async Task<object?> RunAsync(BackupWorld world, SeededTenant tenant, string step)
    {
        var output = await world.Database.ExecuteAsync(tenant, step);
        if (output is RestoredOutput)
            await tenant.LeaveAsync(step, output);
        return output;
    }

    private static async Task UndoAsync(BackupWorld world, SeededTenant tenant)
    {
        foreach (var step in Steps.Reverse())
            await world.Database.CompensateAsync(tenant, step);
    }

    // The place has its version and its rows, and nothing of a copy is left.
    private static async Task UntouchedAsync(BackupWorld world, SeededTenant tenant)
    {
        var after = await tenant.ReadAsync();
        (await world.Database.AdminQueryAsync<string>(after.Placement!.Database, $"select concat_ws(' ', max(version), (select count(*) from {after.Placement.Schema}.users)) from {after.Placement.Schema}.schema_migrations"))
            .ShouldBe([$"{Older} 1"]);
        after.SchemaVersion.ShouldBe(Older);
        (await world.RestoredDatabasesAsync(tenant)).ShouldBe(0);
        (await world.Database.AdminQueryAsync<long>("postgres", $"select count(*) from pg_roles where rolname = 't_{tenant.OperationId:n}_restored'")).ShouldBe([0L]);
        await world.WriteAsync(tenant);
    }
}
