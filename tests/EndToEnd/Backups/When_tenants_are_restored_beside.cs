using Dapper;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Restore;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>On the real servers, in the tier with a dump in a shared database. The steps that fail are taken from the workflow.</summary>
[Collection(Alone.Name)]
public sealed class When_tenants_are_restored_beside
{
    [Fact]
    [InTurn(3, of: 6)]
    public async Task Should_have_a_database_each_or_leave_nothing_whatever_each_step_does()
    {
        string[] steps = [.. RestoreWorkflow.Beside.Steps.Select(s => s.Name)];
        // The pivot cannot be undone once it took effect.
        (string Step, string Fault)[] cases =
        [
            .. steps.Select(s => (s, "late")), .. steps.Where(s => s != StepNames.AnnounceRestored).Select(s => (s, "permanent")),
        ];
        var wrong = new Dictionary<TenantId, (string Step, string Fault)>();
        await using var site = await BackupSite.StartAsync(new StepFaults
        {
            After = (context, call) =>
            {
                Fail(context, call, "late", new TimeoutException("The answer is lost."));
                Fail(context, call, "permanent", StepFailureException.Permanent("told-to-fail", "The test wants it so."));
            },
        });
        var tenants = await site.Tenants.ActiveAsync(cases.Length, "premium");
        await Task.WhenAll(tenants.Select(async tenant => await site.Tenants.EndAsync(await site.BackUpAsync(tenant), OperationState.Completed)));
        lock (wrong)
        {
            for (var i = 0; i < cases.Length; i++)
                wrong[tenants[i]] = cases[i];
        }

        await Task.WhenAll(tenants.Select(async (tenant, i) =>
            await site.Tenants.EndAsync(await site.RestoreAsync(await site.CommandAsync(tenant, "beside")), cases[i].Fault == "permanent" ? OperationState.Compensated : OperationState.Completed)));

        (await site.RestoredDatabasesAsync()).ShouldBe(await KnownDatabasesAsync(site));
        (await site.Tenants.ScalarAsync<long>("select count(*) from restored_databases where announced_at is not null")).ShouldBe(steps.Length);
        (await site.Tenants.ScalarAsync<long>("select count(*) from scheduled_commands where kind = 'remove-restored'")).ShouldBe(steps.Length);

        // An operator runs the removals now.
        await site.Tenants.ScalarAsync<int>("update scheduled_commands set run_at = now(), next_try_at = now() where kind = 'remove-restored' returning 1");
        await Until.TrueAsync(
            async () => await site.Tenants.ScalarAsync<long>("select count(*) from operations where kind = 'remove-restored' and state = 'completed'") == steps.Length,
            "the restored databases are removed", TimeSpan.FromSeconds(120));
        (await site.RestoredDatabasesAsync()).ShouldBeEmpty();
        (await site.FilesAsync()).ShouldBe(await site.KnownFilesAsync(), "a restore only reads the backup");

        void Fail(StepContext context, int call, string fault, Exception error)
        {
            lock (wrong)
            {
                if (call <= 2 && wrong.TryGetValue(context.TenantId, out var at) && at == (context.Step, fault))
                    throw error;
            }
        }
    }

    private static async Task<List<string>> KnownDatabasesAsync(BackupSite site)
    {
        await using var connection = await site.Tenants.Site.Registry.OpenConnectionAsync();
        return [.. (await connection.QueryAsync<string>("select database from restored_databases")).Order(StringComparer.Ordinal)];
    }
}
