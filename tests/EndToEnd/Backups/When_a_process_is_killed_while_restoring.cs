using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>A process is killed (SIGKILL) right after it has routed a tenant to what was restored, and a new process finishes the restore.</summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_while_restoring
{
    [Fact]
    public async Task Should_have_the_rows_of_the_backup_in_a_new_place_and_nothing_beside_it()
    {
        RunSeed.RequireTurn(1);
        var switched = new CrashPoint("Saga.Workers", "saga.step", StepNames.Switch, false, 1, End: true);
        await using var site = await BackupSite.StartAsync();
        var tenant = (await site.Tenants.ActiveAsync(1, "premium"))[0];
        await site.InPlaceAsync<int>(tenant, "insert into users (tenant_id, email, display_name) select @Value, i || '@acme.example', 'U' from generate_series(1, 1000) i");
        await site.Tenants.EndAsync(await site.BackUpAsync(tenant), OperationState.Completed);
        await site.InPlaceAsync<int>(tenant, "delete from users where tenant_id = @Value");
        await ExternalState.DrainedAsync(site.Tenants.Site);
        await site.Tenants.StopAsync();
        var command = await site.CommandAsync(tenant, "replace", "restore-1");

        using (var process = new CrashingProcess(new CrashOrders { Settings = site.Tenants.Site.Settings, At = switched, Restore = command }))
        {
            (await process.DiedAsync(() => site.Tenants.ScalarAsync<bool>(
                "select not exists (select from outbox) and exists (select from operations where kind = 'restore' and finished_at is not null)"))).ShouldBeTrue("it was never reached");
        }

        await site.Tenants.RunAsync();
        // The sender does not know the outcome, so it sends the command again.
        await site.Tenants.EndAsync(await site.RestoreAsync(command), OperationState.Completed);
        await ExternalState.DrainedAsync(site.Tenants.Site);

        (await site.InPlaceAsync<long>(tenant, "select count(*) from users where tenant_id = @Value and email like '%@acme.example'")).ShouldBe(1000);
        (await site.Tenants.ScalarAsync<string>("select string_agg(state, ' ' order by epoch) from placements")).ShouldBe("kept current");
        (await site.RestoredDatabasesAsync()).ShouldBeEmpty();
        (await site.FilesAsync()).ShouldBe(await site.KnownFilesAsync(), "a restore only reads the backup");
        (await site.Tenants.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from operation_scopes) + (select count(*) from restored_databases)")).ShouldBe(0);
        (await site.Tenants.ScalarAsync<long>("select count(*) from audit where action = 'restore.complete'")).ShouldBe(1);
        await ExternalState.CompareAsync(site.Tenants.Site);
    }
}
