using System.Text.Json;
using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Backups;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_backup_is_restored_beside
{
    private static readonly string[] Steps = [StepNames.CheckBackup, StepNames.CreateRestored, StepNames.RestoreRows, StepNames.VerifyRestored, StepNames.AnnounceRestored];

    public static TheoryData<string> All => [.. Steps];

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_have_the_rows_of_the_backup_and_leave_those_of_today_alone(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var other = await world.ActiveAsync(tier);
        var (tenant, id) = await BackedUpAsync(world, tier);
        await using (var session = await world.Database.Connections.OpenAsync(tenant.Id, default))
        {
            await session.Connection.ExecuteAsync("update users set email = 'changed@acme.com'");
            await session.CommitAsync(default);
        }

        // The answer of each first attempt was lost.
        foreach (var step in Steps)
        {
            await world.Database.ExecuteAsync(tenant, step);
            await world.Database.ExecuteAsync(tenant, step);
        }

        var database = await DatabaseAsync(world);
        var schema = tier == IsolationTier.Schema ? (await tenant.ReadAsync()).Placement!.Schema : "product";
        (await world.Database.AdminQueryAsync<string>(database, $"select email || ' ' || tenant_id from {schema}.users")).ShouldBe([$"a@acme.com {tenant.Id}"]);
        (await world.Database.AdminQueryAsync<string>(database, $"select d.title from {schema}.documents d join {schema}.users u on u.id = d.author_id")).ShouldBe(["One"]);
        (await world.Database.AdminQueryAsync<int>(database, $"select max(version) from {schema}.schema_migrations")).ShouldBe([(await tenant.ReadAsync()).SchemaVersion!.Value]);
        (await world.Database.AdminQueryAsync<bool>("postgres", $"select has_database_privilege('public', '{database}', 'connect')")).ShouldBe([false]);
        await using (var session = await world.Database.Connections.OpenAsync(tenant.Id, default))
            (await session.Connection.ExecuteScalarAsync<string>("select email from users")).ShouldBe("changed@acme.com");
        other.Id.ShouldNotBe(tenant.Id);
        (await world.Registry.ScalarAsync<long>("select count(*) from outbox where message_type = 'Saga.Contracts.Events.TenantRestored'")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from scheduled_commands where kind = 'remove-restored' and run_at > now() + interval '71 hours'")).ShouldBe(1);
        id.ShouldNotBe(Guid.Empty);
    }

    [Fact]
    public async Task Should_be_removed_by_the_scheduled_command()
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        foreach (var step in Steps)
            await world.Database.ExecuteAsync(tenant, step);
        var database = await DatabaseAsync(world);
        await world.Registry.ExecuteAsync("update operations set input = (select command from scheduled_commands)");

        await world.Database.ExecuteAsync(tenant, StepNames.DropRestored);
        await world.Database.ExecuteAsync(tenant, StepNames.DropRestored);

        await GoneAsync(world, database);
    }

    [Fact]
    public async Task Should_not_be_removed_again_when_it_was_dropped_before_its_time()
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        foreach (var step in Steps)
            await world.Database.ExecuteAsync(tenant, step);

        await world.Database.ExecuteAsync(tenant, StepNames.DropRestored);

        (await world.Registry.ScalarAsync<string>("select state || ' ' || ended_by from scheduled_commands where kind = 'remove-restored'")).ShouldBe($"cancelled operation:{tenant.OperationId:d}");
    }

    [Theory, MemberData(nameof(All))]
    public async Task Should_leave_nothing_when_it_is_undone_after_any_step_but_the_last(string last)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        foreach (var step in Steps.TakeWhile(s => s != last))
            await world.Database.ExecuteAsync(tenant, step);
        var database = $"restored_{tenant.OperationId:n}";

        for (var times = 0; times < 2; times++)
        {
            foreach (var step in Steps.Reverse())
                await world.Database.CompensateAsync(tenant, step);
        }

        await GoneAsync(world, database);
    }

    [Fact]
    public async Task Should_not_be_undone_once_it_was_announced()
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        foreach (var step in Steps)
            await world.Database.ExecuteAsync(tenant, step);

        (await Should.ThrowAsync<StepFailureException>(() => world.Database.CompensateAsync(tenant, StepNames.AnnounceRestored))).Failure.Code.ShouldBe("restore-announced");
    }

    [Theory]
    [InlineData("changed", "backup-damaged")]
    [InlineData("missing", "backup-damaged")]
    [InlineData("another", "backup-of-another-tenant")]
    [InlineData("newer", "backup-newer")]
    [InlineData("unkeyed", "backup-key")]
    public async Task Should_be_refused_before_anything_is_written(string fault, string code)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, id) = await BackedUpAsync(world, IsolationTier.Row);
        var rows = world.Files().Single(f => f.EndsWith("-rows", StringComparison.Ordinal));
        var last = StepNames.CheckBackup;
        switch (fault)
        {
            case "changed":
                await File.AppendAllTextAsync(rows, "x");
                break;
            case "missing":
                File.Delete(rows);
                break;
            case "another":
                tenant = await world.ActiveAsync(IsolationTier.Row);
                await WishAsync(world, tenant, id);
                break;
            case "newer":
                await RewriteAsync(world, "\"schemaVersion\": ", "\"schemaVersion\": 9");
                break;
            default:
                await world.Registry.ExecuteAsync("delete from backup_data_keys");
                last = StepNames.RestoreRows;
                break;
        }

        foreach (var step in Steps.TakeWhile(s => s != last))
            await world.Database.ExecuteAsync(tenant, step);
        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, last))).Failure;

        (failure.Code, failure.Transient).ShouldBe((code, false));
        failure.Remedy.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task Should_be_refused_when_it_has_not_the_rows_that_the_manifest_counts()
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Schema);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await world.Database.ExecuteAsync(tenant, step);
        // An administrator who looks at it keeps no step from its work.
        await using var administrator = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(world.Database.Admin) { Database = await DatabaseAsync(world), Pooling = false }.ConnectionString);
        await administrator.ExecuteAsync($"delete from {(await tenant.ReadAsync()).Placement!.Schema}.documents");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("restore-differs", false));
        failure.Message.ShouldContain("The restored table documents has 0 rows, and backup");
    }

    [Theory]
    [InlineData(StepNames.CreateRestored)]
    [InlineData(StepNames.RestoreRows)]
    [InlineData(StepNames.VerifyRestored)]
    [InlineData(StepNames.AnnounceRestored)]
    public async Task Should_do_nothing_in_a_late_attempt(string step)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        foreach (var before in Steps.TakeWhile(s => s != step))
            await world.Database.ExecuteAsync(tenant, before);
        var late = await tenant.BeginAsync(step);
        await tenant.BeginAsync(step);

        await Should.ThrowAsync<LeaseLostException>(() => world.Database.Step(step).ExecuteAsync(late, default));
    }

    private static async Task<(SeededTenant Tenant, Guid Backup)> BackedUpAsync(BackupWorld world, IsolationTier tier)
    {
        var tenant = await world.ActiveAsync(tier);
        var id = await world.BackUpAsync(tenant);
        await world.Registry.ExecuteAsync("delete from outbox");
        await WishAsync(world, tenant, id);
        return (tenant, id);
    }

    private static Task WishAsync(BackupWorld world, SeededTenant tenant, Guid backup) => world.Registry.ExecuteAsync(
        "update operations set kind = 'restore', input = @Input::jsonb where id = @OperationId",
        new { tenant.OperationId, Input = JsonSerializer.Serialize(new RestoreTenant { TenantId = tenant.Id, BackupId = backup, Mode = "beside" }, Saga.Contracts.Json.Options) });

    private static async Task<string> DatabaseAsync(BackupWorld world) => (await world.Registry.ScalarAsync<string>("select database from restored_databases"))!;

    private static async Task GoneAsync(BackupWorld world, string database)
    {
        (await world.Database.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = '{database}'")).ShouldBeEmpty();
        (await world.Registry.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
    }

    // As if another version had written it.
    private static async Task RewriteAsync(BackupWorld world, string from, string to)
    {
        var file = world.Files().Single(f => f.EndsWith("manifest.json", StringComparison.Ordinal));
        var text = (await File.ReadAllTextAsync(file)).Replace(from, to, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text);
        await world.Registry.ExecuteAsync(
            "update backups set manifest_sha256 = @Sha256", new { Sha256 = System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(file)) });
    }
}
