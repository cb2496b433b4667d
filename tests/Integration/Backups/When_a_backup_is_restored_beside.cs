using System.Text.Json;
using System.Text.Json.Nodes;
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
        (await LoginsAsync(world, tenant)).ShouldBeEmpty("it was there for the trial only");
        (await world.Database.AdminQueryAsync<long>(database, $"select count(*) from saga.place where tenant_id = '{tenant.Id}'")).ShouldBe([0L]);
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
                await RewriteAsync(world, manifest => manifest["schemaVersion"] = 99999);
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
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    public async Task Should_be_refused_when_as_many_rows_have_other_content(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, tier);
        await ChangeRestoredAsync(world, tenant, tier);

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored))).Failure;

        (failure.Code, failure.Transient).ShouldBe(("restore-differs", false));
        failure.Message.ShouldContain("The restored table users has as many rows as backup");
        failure.Message.ShouldContain("but with other content: the checksum is ");
    }

    [Theory]
    [InlineData(IsolationTier.Row, "alter table product.users disable row level security; alter table product.users no force row level security", "restored-open", "sees the rows of whichever tenant it names")]
    [InlineData(IsolationTier.Schema, "create policy all_rows on {0}.saga_probe using (true)", "restored-open", "a login of the tenant sees 1 rows, and 0 are the tenant's")]
    [InlineData(IsolationTier.Database, "drop policy own_rows on product.users", "restored-unusable", "a login of the tenant sees 0 of the tenant's 1 rows")]
    [InlineData(IsolationTier.Schema, "revoke usage on schema saga from public", "restored-unusable", "permission denied for schema saga")]
    public async Task Should_be_refused_when_the_tenants_login_cannot_read_its_rows_or_reads_others(IsolationTier tier, string change, string code, string words)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, tier);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await world.Database.ExecuteAsync(tenant, step);
        var schema = (await tenant.ReadAsync()).Placement!.Schema;
        await world.Database.AdminQueryAsync<int>(await DatabaseAsync(world), $"{change.Replace("{0}", schema, StringComparison.Ordinal)}; select 1");

        var failure = (await Should.ThrowAsync<StepFailureException>(() => world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored))).Failure;

        (failure.Code, failure.Transient).ShouldBe((code, false));
        failure.Message.ShouldContain(words);
        (await LoginsAsync(world, tenant)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_read_past_policies_of_the_product_that_hide_rows()
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Schema);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await world.Database.ExecuteAsync(tenant, step);
        await world.Database.AdminQueryAsync<int>(await DatabaseAsync(world), $"create policy none on {(await tenant.ReadAsync()).Placement!.Schema}.users as restrictive using (false); select 1");

        (await world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored)).ShouldBeOfType<RestoredOutput>().SignedIn.ShouldBeTrue();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_leave_no_login_of_a_killed_attempt(bool goesOn)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await world.Database.ExecuteAsync(tenant, step);
        await world.Database.AdminQueryAsync<int>("postgres", $"create role t_{tenant.OperationId:n}_restored login; grant t_{tenant.OperationId:n}_restored to saga_provisioner with admin option; select 1");

        if (goesOn)
            await world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored);
        else
            await world.Database.CompensateAsync(tenant, StepNames.CreateRestored);

        (await LoginsAsync(world, tenant)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("sums", "has no checksums of its rows")]
    [InlineData("serverVersion", "the backup is from PostgreSQL 13")]
    public async Task Should_say_that_only_the_number_of_rows_was_compared(string otherwise, string words)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, _) = await BackedUpAsync(world, IsolationTier.Row);
        await RewriteAsync(world, manifest =>
        {
            var details = manifest["parts"]!.AsArray().Single(p => p!["name"]!.GetValue<string>() == "rows")!["details"]!.AsObject();
            if (otherwise == "sums")
                details.Remove("sums").ShouldBeTrue();
            else
                details["serverVersion"] = "13.2";
        });
        await ChangeRestoredAsync(world, tenant, IsolationTier.Row);

        var output = (await world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored)).ShouldBeOfType<RestoredOutput>();

        output.Compared.ShouldNotBeNull().ShouldStartWith("The number of rows of each table.");
        output.Compared.ShouldContain(words);
    }

    [Fact]
    public async Task Should_compare_values_of_types_without_a_hash_and_no_generated_ones()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await world.ActiveAsync(IsolationTier.Schema);
        var place = (await tenant.ReadAsync()).Placement!;
        await world.Database.AdminQueryAsync<int>(
            place.Database,
            $$"""
            create type {{place.Schema}}.mood as enum ('good', 'bad');
            alter table {{place.Schema}}.users add as_json json default '{"b": 1,  "a": [1]}', add as_float float8 default 0.1, add as_span interval default '1 month 3 days', add as_time timestamptz default now(),
                add as_list text[] default '{a,"b c"}', add as_padded char(5) default 'x', add as_mood {{place.Schema}}.mood default 'bad', add as_money money default 12.5, add of_name text generated always as (display_name || '!') stored, add nothing int;
            select 1
            """);
        var backup = await world.BackUpAsync(tenant);
        await WishAsync(world, tenant, backup);
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await world.Database.ExecuteAsync(tenant, step);

        var output = (await world.Database.ExecuteAsync(tenant, StepNames.VerifyRestored)).ShouldBeOfType<RestoredOutput>();

        output.Compared.ShouldBe("The number and the checksum of the rows of each table.");
        var columns = JsonElement.Parse(await File.ReadAllTextAsync(world.Files().Single(f => f.EndsWith("manifest.json", StringComparison.Ordinal)))).GetProperty("parts").EnumerateArray()
            .Single(p => p.GetProperty("name").GetString() == "rows").GetProperty("details").GetProperty("sums").GetProperty("users").GetProperty("columns").EnumerateArray().Select(c => c.GetString());
        columns.ShouldContain("as_json");
        columns.ShouldNotContain("of_name");
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

    private static Task<IReadOnlyList<string>> LoginsAsync(BackupWorld world, SeededTenant tenant) =>
        world.Database.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where starts_with(rolname, 't_{tenant.OperationId:n}')");

    private static async Task GoneAsync(BackupWorld world, string database)
    {
        (await world.Database.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = '{database}'")).ShouldBeEmpty();
        (await world.Registry.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
    }

    // Restores, and then changes a row.
    private static async Task ChangeRestoredAsync(BackupWorld world, SeededTenant tenant, IsolationTier tier)
    {
        foreach (var step in Steps.TakeWhile(s => s != StepNames.VerifyRestored))
            await world.Database.ExecuteAsync(tenant, step);
        var schema = tier == IsolationTier.Schema ? (await tenant.ReadAsync()).Placement!.Schema : "product";
        await using var administrator = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(world.Database.Admin) { Database = await DatabaseAsync(world), Pooling = false }.ConnectionString);
        (await administrator.ExecuteAsync($"update {schema}.users set display_name = 'Mallory'")).ShouldBe(1);
    }

    // As if another version had written it.
    private static async Task RewriteAsync(BackupWorld world, Action<JsonNode> change)
    {
        var file = world.Files().Single(f => f.EndsWith("manifest.json", StringComparison.Ordinal));
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        change(manifest);
        await File.WriteAllTextAsync(file, manifest.ToJsonString());
        await world.Registry.ExecuteAsync(
            "update backups set manifest_sha256 = @Sha256", new { Sha256 = System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(file)) });
    }
}
