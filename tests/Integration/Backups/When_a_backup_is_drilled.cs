using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Intake;
using Saga.Registry;
using Saga.Registry.Backups;
using Saga.Tests.Integration.Database;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Backups;

public sealed class When_a_backup_is_drilled : IAsyncLifetime
{
    private static readonly string[] Steps =
        [StepNames.BeginDrill, StepNames.CheckBackup, StepNames.CreateRestored, StepNames.RestoreRows, StepNames.VerifyRestored, StepNames.EndDrill];

    private BackupWorld world = null!;
    private SeededTenant tenant = null!;
    private Guid backup;

    public static TheoryData<string> All => [.. Steps];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        world = await BackupWorld.CreateAsync();
        tenant = await world.ActiveAsync(IsolationTier.Row);
        backup = await world.BackUpAsync(tenant);
        await world.Registry.ExecuteAsync(
            "update operations set input = @Input::jsonb where id = @OperationId",
            new { tenant.OperationId, Input = JsonSerializer.Serialize(new DrillBackup { TenantId = tenant.Id, BackupId = backup }, Json.Options) });
    }

    public ValueTask DisposeAsync() => world.DisposeAsync();

    [Fact]
    public async Task Should_be_proved_and_leave_nothing()
    {
        // The answer of each first attempt was lost.
        foreach (var step in Steps)
        {
            await world.Database.ExecuteAsync(tenant, step);
            if (step != StepNames.EndDrill)
                await world.Database.ExecuteAsync(tenant, step);
        }

        await world.Database.ExecuteAsync(tenant, StepNames.EndDrill);

        (await world.Store.FindAsync(backup, default))!.ProvenAt.ShouldNotBeNull();
        await NothingAsync();
        (await world.Registry.ScalarAsync<long>("select count(*) from audit where action = 'backup.prove'")).ShouldBe(1);
        (await Drills().AgeAsync(Cancellation))!.Value.ShouldBeLessThan(TimeSpan.FromMinutes(10));
    }

    [Theory, MemberData(nameof(All))]
    public async Task Should_leave_nothing_and_raise_the_alert_when_it_fails_at_any_step(string last)
    {
        foreach (var step in Steps.TakeWhile(s => s != last))
            await world.Database.ExecuteAsync(tenant, step);

        foreach (var step in Steps.Reverse())
            await world.Database.CompensateAsync(tenant, step);

        (await world.Store.FindAsync(backup, default))!.ProvenAt.ShouldBeNull();
        await NothingAsync();
        world.Log.All.Count(l => l.StartsWith($"2878 Backup {backup} of tenant", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task Should_be_posted_once_a_period_for_a_sample()
    {
        await world.Registry.ExecuteAsync("update backups set ended_at = now() - interval '2 hours'; delete from operation_scopes; update operations set state = 'completed', finished_at = now()");
        await Seed.ProcessAsync(world.Registry);
        await world.Registry.ExecuteAsync("update processes set engine_level = 100");

        await PostAsync(new());
        await PostAsync(new());

        (await world.Registry.ScalarAsync<string>("select requested_by || ' ' || priority || ' ' || (input ->> 'backupId') from operations where kind = 'drill'")).ShouldBe($"system scheduled {backup}");
        await world.Registry.ExecuteAsync("update operations set created_at = now() - interval '8 days', state = 'completed', finished_at = now() where kind = 'drill'; delete from operation_scopes; delete from idempotency_keys");
        await PostAsync(new() { EveryDays = 0 });
        (await CountAsync()).ShouldBe(1);
        await PostAsync(new());
        (await CountAsync()).ShouldBe(2);
    }

    [Theory]
    [InlineData("update backups set ended_at = now()")]
    [InlineData("update backups set state = 'failed'")]
    [InlineData("update tenants set status = 'deprovisioned'")]
    [InlineData("insert into holds (tenant_id, code, effect, actor, reason) select id, 'deletion', 'closed', 'ada', 'It ends.' from tenants")]
    public async Task Should_not_be_posted_for_what_is_new_failed_or_about_to_go(string otherwise)
    {
        await world.Registry.ExecuteAsync("update backups set ended_at = now() - interval '2 hours'");
        await world.Registry.ExecuteAsync(otherwise);

        await PostAsync(new());

        (await CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_refused_for_a_backup_that_is_not_there_or_another_tenants()
    {
        var plan = new DrillBackupPlan(world.Store);

        (await plan.CheckAsync(new() { TenantId = tenant.Id, BackupId = Guid.NewGuid() }, Cancellation)).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/backupId");
        (await plan.CheckAsync(new() { TenantId = new(Guid.NewGuid()), BackupId = backup }, Cancellation)).Errors.ShouldHaveSingleItem().Pointer.ShouldBe("/backupId");
        (await plan.CheckAsync(new() { TenantId = tenant.Id, BackupId = backup }, Cancellation)).Errors.ShouldBeEmpty();
    }

    private Task<long> CountAsync() => world.Registry.ScalarAsync<long>("select count(*) from operations where kind = 'drill'");

    private BackupDrillStore Drills() => new(world.Registry, new RegistryClock());

    private Task PostAsync(BackupDrillOptions options) => new BackupDrills(
        Drills(), Intakes.Of<DrillBackup, DrillBackup, DrillBackupPlan>(world.Registry, new(world.Store)), Options.Create(options), NullLogger<BackupDrills>.Instance).RunAsync(Cancellation);

    private async Task NothingAsync()
    {
        (await world.Registry.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
        (await world.Database.AdminQueryAsync<long>("postgres", $"select count(*) from pg_database where datname = 'restored_{tenant.OperationId:n}'")).ShouldBe([0L]);
    }
}
