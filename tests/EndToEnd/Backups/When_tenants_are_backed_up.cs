using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Backup;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Backups;

/// <summary>On the real servers, in every tier. The steps that fail are taken from the workflow.</summary>
[Collection(Alone.Name)]
public sealed class When_tenants_are_backed_up
{
    [Fact]
    public async Task Should_store_what_the_registry_says_in_every_tier()
    {
        await using var site = await BackupSite.StartAsync();
        var tenants = await site.Tenants.ActiveAsync(3, "basic", "premium", "enterprise");
        foreach (var tenant in tenants)
            await site.PutAsync(tenant, "a folder/50%/ä.txt", "an object");

        await Task.WhenAll(tenants.Select(async tenant => await site.Tenants.EndAsync(await site.BackUpAsync(tenant), OperationState.Completed)));

        (await site.FilesAsync()).ShouldBe(await site.KnownFilesAsync());
        (await site.Tenants.ScalarAsync<string>("select string_agg(format, ' ' order by format) from backup_parts where name = 'rows'")).ShouldBe("copy-text pg_dump pg_dump");
        (await site.Tenants.ScalarAsync<long>("select count(*) from backup_parts where name = 'contents' and counts ->> 'objects' = '1' and counts ->> 'bytes' = '9'")).ShouldBe(3);
        (await site.Tenants.ScalarAsync<long>("select count(*) from audit where action = 'backup.complete'")).ShouldBe(3);
    }

    [Fact]
    [InTurn(1, of: 6)]
    public async Task Should_get_there_or_leave_nothing_whatever_each_step_does()
    {
        string[] steps = [.. BackupWorkflow.Definition.Steps.Select(s => s.Name)];
        (string Step, string Fault)[] cases = [.. steps.SelectMany(s => new[] { (s, "transient"), (s, "late"), (s, "permanent") })];
        var wrong = new Dictionary<TenantId, (string Step, string Fault)>();
        await using var site = await BackupSite.StartAsync(new StepFaults
        {
            Before = (context, call) => Fail(context, call, "transient", StepFailureException.Transient("told-to-fail", "The test wants it so.")),
            After = (context, call) =>
            {
                Fail(context, call, "late", new TimeoutException("The answer is lost."));
                Fail(context, call, "permanent", StepFailureException.Permanent("told-to-fail", "The test wants it so."));
            },
        });
        var tenants = await site.Tenants.ActiveAsync(cases.Length, "basic");
        lock (wrong)
        {
            for (var i = 0; i < cases.Length; i++)
                wrong[tenants[i]] = cases[i];
        }

        await Task.WhenAll(tenants.Select(async (tenant, i) =>
            await site.Tenants.EndAsync(await site.BackUpAsync(tenant), cases[i].Fault == "permanent" ? OperationState.Compensated : OperationState.Completed)));

        (await site.FilesAsync()).ShouldBe(await site.KnownFilesAsync());
        (await site.Tenants.ScalarAsync<long>("select count(*) from backups where state = 'completed'")).ShouldBe(2 * steps.Length);
        (await site.Tenants.ScalarAsync<long>("select count(*) from backups where state = 'failed' and failure ->> 'code' = 'told-to-fail'")).ShouldBe(steps.Length);
        (await site.Tenants.ScalarAsync<long>("select count(*) from audit where action = 'backup.fail'")).ShouldBe(steps.Length);
        (await site.Tenants.ScalarAsync<long>("select count(*) from backup_data_keys")).ShouldBe(2 * steps.Length);

        void Fail(StepContext context, int call, string fault, Exception error)
        {
            lock (wrong)
            {
                if (call <= 2 && wrong.TryGetValue(context.TenantId, out var at) && at == (context.Step, fault))
                    throw error;
            }
        }
    }
}
