using Saga.Engine.Operations;
using Saga.Lifecycle.Backup;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a backup, and a new process finishes it. The boundaries are generated from the workflow. By
/// default a sample of them is covered; <c>SAGA_CRASH_ALL=1</c> covers all.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_while_backing_up
{
    [Fact]
    [InTurn(2, of: 6)]
    public async Task Should_be_complete_with_the_files_that_the_registry_knows_and_no_others()
    {
        var points = Boundaries.Of(BackupWorkflow.Definition).Sample(3);
        await using var site = await BackupSite.StartAsync();
        var tenants = await site.Tenants.ActiveAsync(points.Count, "premium", "basic", "enterprise");
        foreach (var tenant in tenants)
            await site.PutAsync(tenant, "a.txt", "an object");
        await ExternalState.DrainedAsync(site.Tenants.Site);
        await site.Tenants.StopAsync();
        for (var i = 0; i < points.Count; i++)
        {
            var (tenant, key) = (tenants[i], $"backup-{tenants[i]}");
            using (var process = new CrashingProcess(new CrashOrders { Settings = site.Tenants.Site.Settings, At = points[i], Backup = BackupSite.Command(tenant, key) }))
            {
                (await process.DiedAsync(() => site.Tenants.ScalarAsync<bool>(
                    "select not exists (select from outbox) and exists (select from operations where tenant_id = @Value and kind = 'backup' and finished_at is not null)", new { tenant.Value })))
                    .ShouldBeTrue($"{points[i]} was never reached");
            }

            await site.Tenants.RunAsync();
            // The sender does not know the outcome, so it sends the command again.
            await site.Tenants.EndAsync(await site.BackUpAsync(tenant, key), OperationState.Completed);
            await ExternalState.DrainedAsync(site.Tenants.Site);
            await site.Tenants.StopAsync();
            (await site.FilesAsync()).ShouldBe(await site.KnownFilesAsync(), points[i].ToString());
        }

        (await site.Tenants.ScalarAsync<long>("select count(*) from backups where state = 'completed'")).ShouldBe(points.Count);
        (await site.Tenants.ScalarAsync<long>("select count(*) from audit where action = 'backup.complete'")).ShouldBe(points.Count);
        (await site.Tenants.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }
}
