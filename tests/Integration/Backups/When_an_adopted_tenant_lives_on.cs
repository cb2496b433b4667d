using System.Text.Json;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Restore;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Database.Tiers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

/// <summary>An adopted database or schema is backed up, restored, moved and removed like any other.</summary>
public sealed class When_an_adopted_tenant_lives_on
{
    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_be_restored_and_leave_nothing_of_what_was_adopted(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, old) = await AdoptedAsync(world, tier);
        var adopted = (await tenant.ReadAsync()).Current!;
        await world.WishAsync(tenant, new() { TenantId = tenant.Id });
        var backup = await world.BackUpAsync(tenant);
        await ChangeAsync(world, tenant);
        await WishAsync(world, tenant, "restore", new RestoreTenant { TenantId = tenant.Id, BackupId = backup, Mode = "replace" });

        foreach (var step in RestoreWorkflow.Replace.Steps.Select(s => s.Name))
            await RunAsync(world, tenant, step);

        (await EmailsAsync(world, tenant)).ShouldBe(["a@acme.com"]);
        (await tenant.ReadAsync()).Current!.ShouldSatisfyAllConditions(c => c.Tier.ShouldBe(tier), c => c.Place.Database.ShouldNotBe(old.Name));
        await DropCopyAsync(world, tenant);
        await GoneAsync(world, old, adopted.Login, tier);
        await world.Database.ExecuteAsync(tenant, StepNames.RemoveDatabase);
        (await world.Database.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where starts_with(rolname, 't_{tenant.Id.Compact}')")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(IsolationTier.Schema, IsolationTier.Row)]
    [InlineData(IsolationTier.Schema, IsolationTier.Database)]
    [InlineData(IsolationTier.Database, IsolationTier.Schema)]
    public async Task Should_move_to_another_tier_and_leave_nothing_of_what_was_adopted(IsolationTier tier, IsolationTier to)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, old) = await AdoptedAsync(world, tier);
        var adopted = (await tenant.ReadAsync()).Current!;
        await WishAsync(world, tenant, "migrate", new MigrateTenant { TenantId = tenant.Id, Isolation = to.ToString().ToLowerInvariant(), MigrationOptions = new() { Downtime = true } });

        foreach (var step in MoveWorld.Steps)
            await RunAsync(world, tenant, step);

        (await EmailsAsync(world, tenant)).ShouldBe(["a@acme.com"]);
        (await tenant.ReadAsync()).Current!.Tier.ShouldBe(to);
        await DropCopyAsync(world, tenant);
        await GoneAsync(world, old, adopted.Login, tier);
        (await EmailsAsync(world, tenant)).ShouldBe(["a@acme.com"]);
    }

    [Theory]
    [InlineData(IsolationTier.Schema)]
    [InlineData(IsolationTier.Database)]
    public async Task Should_return_to_what_was_adopted_when_the_move_is_reverted(IsolationTier tier)
    {
        await using var world = await BackupWorld.CreateAsync();
        var (tenant, old) = await AdoptedAsync(world, tier);
        await WishAsync(world, tenant, "migrate", new MigrateTenant { TenantId = tenant.Id, Isolation = "row", MigrationOptions = new() { Downtime = true } });
        foreach (var step in MoveWorld.Steps)
            await RunAsync(world, tenant, step);

        foreach (var step in MoveWorld.Back)
            await RunAsync(world, tenant, step);

        (await tenant.ReadAsync()).Current!.Place.ShouldBe(new("main", old.Name, old.Schema));
        await ChangeAsync(world, tenant);
        (await EmailsAsync(world, tenant)).ShouldBe(["changed@acme.com"]);
        (await world.Database.AdminQueryAsync<long>("saga_rows", $"select count(*) from product.users where tenant_id = '{tenant.Id}'")).ShouldBe([0]);
    }

    private static async Task<(SeededTenant Tenant, OldDatabase Old)> AdoptedAsync(BackupWorld world, IsolationTier tier)
    {
        var old = await AdoptionWorld.MakeAsync(world.Database);
        var tenant = await AdoptionWorld.AdoptAsync(world.Database, AdoptionWorld.Command(old, tier));
        await AdoptionWorld.RunAsync(world.Database, tenant, [.. AdoptionWorld.BeforePivot, StepNames.MigrateAdopted, StepNames.Activate, StepNames.Storage]);
        return (tenant, old);
    }

    private static Task WishAsync<T>(BackupWorld world, SeededTenant tenant, string kind, T command) => world.Registry.ExecuteAsync(
        "delete from outbox; delete from operation_steps; update operations set kind = @kind, input = @Input::jsonb where id = @OperationId",
        new { tenant.OperationId, kind, Input = JsonSerializer.Serialize(command, Saga.Contracts.Json.Options) });

    private static async Task DropCopyAsync(BackupWorld world, SeededTenant tenant)
    {
        await world.Registry.ExecuteAsync(
            "delete from operation_steps; update operations set input = (select command from scheduled_commands where kind = 'remove-copy') where id = @OperationId", new { tenant.OperationId });
        await world.Database.ExecuteAsync(tenant, StepNames.DropCopy);
    }

    private static async Task GoneAsync(BackupWorld world, OldDatabase old, string login, IsolationTier tier)
    {
        (await world.Database.AdminQueryAsync<string>("postgres", $"select rolname::text from pg_roles where rolname in ('{login}', '{login}_owner', '{SharedRoles.Users(old.Name)}')")).ShouldBeEmpty();
        (await world.Database.AdminQueryAsync<string>("postgres", $"select datname::text from pg_database where datname = '{old.Name}'")).Count.ShouldBe(tier == IsolationTier.Schema ? 1 : 0);
        if (tier == IsolationTier.Schema)
            (await world.Database.AdminQueryAsync<string>(old.Name, "select nspname::text from pg_namespace where nspname = 'shop' union all select tenant_id::text from saga.place where tenant_id <> '00000000-0000-0000-0000-000000000000'")).ShouldBeEmpty();
    }

    // Later steps read what these return.
    private static async Task RunAsync(BackupWorld world, SeededTenant tenant, string step)
    {
        if (await world.Database.ExecuteAsync(tenant, step) is { } output and (MoveOutput or RestoredOutput))
            await tenant.LeaveAsync(step, output);
    }

    private static async Task ChangeAsync(BackupWorld world, SeededTenant tenant)
    {
        await using var session = await world.Database.Connections.OpenAsync(tenant.Id, default);
        await session.Connection.ExecuteAsync("update users set email = 'changed@acme.com'");
        await session.CommitAsync(default);
    }

    private static async Task<IReadOnlyList<string>> EmailsAsync(BackupWorld world, SeededTenant tenant)
    {
        await using var session = await world.Database.Connections.OpenAsync(tenant.Id, default);
        return [.. await session.Connection.QueryAsync<string>("select email from users order by 1")];
    }
}
