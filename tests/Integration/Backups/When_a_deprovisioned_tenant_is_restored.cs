using System.Text.Json;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Restore;
using Saga.Registry.Deprovisionings;
using Saga.Tenancy.Objects;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_deprovisioned_tenant_is_restored
{
    // Those of other resources are the steps of a provisioning.
    private static readonly string[] Elsewhere = [StepNames.Identity, StepNames.Cache, StepNames.Administrator, StepNames.Verify, StepNames.Notify];

    private static readonly string[] Steps = [.. RestoreWorkflow.Revive.Steps.Select(s => s.Name).Except(Elsewhere)];

    public static TheoryData<string> Undoable => [.. Steps.TakeWhile(s => s != StepNames.Activate)];

    [Theory]
    [InlineData(IsolationTier.Row)]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_be_what_it_was_with_a_new_key_and_list_what_is_lost(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await GoneAsync(world, tier);

        // The answer of each first attempt was lost.
        foreach (var step in Steps)
        {
            await RunAsync(world, tenant, step);
            await RunAsync(world, tenant, step);
        }

        var back = await tenant.ReadAsync();
        (back.Status, back.Tier, back.AdminEmail.Length > 0, back.Holds.Count).ShouldBe((TenantStatus.Active, tier, true, 0));
        (await EmailsAsync(world, tenant)).ShouldBe(["a@acme.com"]);
        await using (var content = (await world.Objects.For(tenant.Id).GetAsync(ObjectKey.Parse("invoices/1.txt"), default)).ShouldNotBeNull())
            (await new StreamReader(content).ReadToEndAsync()).ShouldBe("an invoice");
        (await world.Registry.ScalarAsync<string>($"select (output -> 'lost')::text from operation_steps where step = '{StepNames.Revive}'")).ShouldBe("[\"secret\"]");
        (await world.Registry.ScalarAsync<long>("select count(*) from tenant_settings where key = 'secret'")).ShouldBe(0);
        (await world.Registry.ScalarAsync<long>("select count(*) from tenant_keys")).ShouldBe(1);
        (await world.Registry.ScalarAsync<long>("select count(*) from reserved_names")).ShouldBe(0);
        (await world.Registry.ScalarAsync<string>("select state || ' ' || end_reason from scheduled_commands where kind = 'destroyBackups'")).ShouldBe("cancelled The tenant was restored.");
        (await world.Registry.ScalarAsync<string>("select string_agg(message_type, ' ' order by message_type) from outbox")).ShouldBe("Saga.Contracts.Events.TenantProvisioned Saga.Contracts.Events.TenantRestored");
        (await new CertificateStore(world.Registry).FindAsync(tenant.Id, default)).ShouldNotBeNull("what was removed stays certified");
        (await world.Registry.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
        (await world.Registry.ScalarAsync<long>("select sum(placed) from database_servers")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_say_which_objects_are_lost_when_the_backup_has_only_their_list()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await GoneAsync(world, IsolationTier.Row, includeObjects: false);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.RestoreObjects));

        JsonSerializer.Serialize(await world.Database.ExecuteAsync(tenant, StepNames.RestoreObjects)).ShouldBe("""{"Restored":0,"Lost":1}""");
    }

    [Theory, MemberData(nameof(Undoable))]
    public async Task Should_be_a_tombstone_again_with_nothing_left_when_it_is_undone_after(string last)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await GoneAsync(world, IsolationTier.Schema);
        var done = Steps.TakeWhile(s => s != last).Append(last).ToArray();
        await RunAllAsync(world, tenant, done);

        for (var times = 0; times < 2; times++)
        {
            foreach (var step in done.Reverse())
                await world.Database.CompensateAsync(tenant, step);
        }

        var gone = await tenant.ReadAsync();
        (gone.Status, gone.AdminEmail, gone.Placed, gone.Settings.Count).ShouldBe((TenantStatus.Deprovisioned, "", null, 0));
        (await world.Registry.ScalarAsync<long>(
            """
            select (select count(*) from tenant_keys) + (select count(*) from tenant_credentials) + (select count(*) from tenant_settings) + (select count(*) from tenant_migrations)
                + (select sum(placed) from database_servers) + (select count(*) from restored_databases) + (select count(*) from outbox)
            """)).ShouldBe(0);
        foreach (var placement in (await world.Registry.ScalarAsync<string>("select string_agg(login, ' ') from placements"))!.Split(' '))
            (await world.Database.AdminQueryAsync<long>("postgres", $"select count(*) from pg_roles where rolname like '{placement}%'")).ShouldBe([0L]);
        (await world.Database.AdminQueryAsync<string>("postgres", $"select datname from pg_database where datname = 'restored_{tenant.OperationId:n}'")).ShouldBeEmpty();
        Directory.GetFiles(world.Folder, "1.txt", SearchOption.AllDirectories).ShouldBeEmpty();
        (await world.Registry.ScalarAsync<string>("select state from scheduled_commands where kind = 'destroyBackups'")).ShouldBe("scheduled");
        (await world.Registry.ScalarAsync<long>("select count(*) from reserved_names")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_be_undone_once_it_is_active()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await GoneAsync(world, IsolationTier.Row);
        await RunAllAsync(world, tenant, Steps.TakeWhile(s => s != StepNames.EndRevival));

        foreach (var step in (string[])[StepNames.Activate, StepNames.ReserveRevived, StepNames.Revive])
            (await Should.ThrowAsync<StepFailureException>(() => world.Database.CompensateAsync(tenant, step))).Failure.Code.ShouldBe("tenant-status");
    }

    [Theory]
    [InlineData("delete from reserved_names; update tenants set slug = (select slug from tenants where id = @Mine) where id = @Theirs", "slug-taken")]
    [InlineData("insert into tenant_domains (tenant_id, domain, token, state, created_at, proved_at) values (@Theirs, 'acme.example', 'proof', 'proved', now(), now()); update tenants set domain = 'acme.example' where id = @Mine", "slug-taken")]
    [InlineData("update tenants set name = (select name || ' (' || slug || ')' from tenants where id = @Mine) where id = @Theirs", "name-taken")]
    public async Task Should_not_take_names_that_another_tenant_got_while_the_backup_was_checked(string taken, string code)
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await GoneAsync(world, IsolationTier.Row);
        var other = await world.Database.TenantAsync(IsolationTier.Row);
        await world.Registry.ExecuteAsync(taken, new { Mine = tenant.Id.Value, Theirs = other.Id.Value });
        await RunAsync(world, tenant, StepNames.CheckBackup);

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.Revive))).Failure.Code.ShouldBe(code);

        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Deprovisioned);
    }

    [Fact]
    public async Task Should_write_nothing_when_the_key_is_destroyed()
    {
        await using var world = await BackupWorld.CreateAsync();
        var tenant = await GoneAsync(world, IsolationTier.Row);
        await world.Registry.ExecuteAsync("delete from backup_data_keys; delete from backup_keys");
        await RunAsync(world, tenant, StepNames.CheckBackup);

        (await Should.ThrowAsync<StepFailureException>(() => RunAsync(world, tenant, StepNames.Revive))).Failure.Code.ShouldBe("backup-key");

        (await tenant.ReadAsync()).Status.ShouldBe(TenantStatus.Deprovisioned);
    }

    // A tenant that was backed up and removed, and whose operation restores that.
    private static async Task<SeededTenant> GoneAsync(BackupWorld world, IsolationTier tier, bool includeObjects = true)
    {
        var tenant = await world.ActiveAsync(tier);
        await world.WishAsync(tenant, new() { TenantId = tenant.Id, IncludeObjects = includeObjects });
        var backup = await world.BackUpAsync(tenant);
        await world.Registry.ExecuteAsync(
            """
            insert into holds (tenant_id, code, effect, actor, reason) values (@Id, 'deletion', 'closed', 'ada', 'For the test.');
            insert into deprovisionings (tenant_id, operation_id, requested_by, requested_at, grace_days, delete_at, backup, reserved_days, scheduled_id, removal_id, final_at)
            values (@Id, @OperationId, 'ada', now(), 30, now(), false, 90, gen_random_uuid(), @OperationId, now());
            """,
            new { Id = tenant.Id.Value, tenant.OperationId });
        foreach (var step in (string[])[StepNames.RemoveDatabase, StepNames.RemoveStorage])
            await tenant.LeaveAsync(step, (await world.Database.ExecuteAsync(tenant, step))!);
        foreach (var step in (string[])[StepNames.RemoveOrganization, StepNames.RemoveCache])
        {
            await tenant.LeaveAsync(step, new RemovalOutput
            {
                Removed = [new() { Resource = step, System = "test", Name = step, Existed = true, Counts = new Dictionary<string, long>(), AbsentAt = DateTimeOffset.UnixEpoch }],
            });
        }

        await world.Database.ExecuteAsync(tenant, StepNames.Certify);
        await world.Registry.ExecuteAsync(
            "delete from outbox; delete from operation_steps; update operations set kind = 'restore', input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new RestoreTenant { TenantId = tenant.Id, BackupId = backup, Mode = "replace" }, Contracts.Json.Options) });
        return tenant;
    }

    private static async Task RunAllAsync(BackupWorld world, SeededTenant tenant, IEnumerable<string> steps)
    {
        foreach (var step in steps)
            await RunAsync(world, tenant, step);
    }

    // Later steps read what these return.
    private static async Task RunAsync(BackupWorld world, SeededTenant tenant, string step)
    {
        if (await world.Database.ExecuteAsync(tenant, step) is { } output and (RestoredOutput or RevivedOutput))
            await tenant.LeaveAsync(step, output);
    }

    private static async Task<IReadOnlyList<string>> EmailsAsync(BackupWorld world, SeededTenant tenant)
    {
        await using var session = await world.Database.Connections.OpenAsync(tenant.Id, default);
        return [.. await session.Connection.QueryAsync<string>("select email from users order by 1")];
    }
}
