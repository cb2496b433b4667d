using System.Security.Cryptography;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Engine.Drift;
using Saga.Lifecycle.Backup.OfRegistry;
using Saga.Lifecycle.Drift;
using Saga.Lifecycle.MasterKeys;
using Saga.Registry.Backups.OfRegistry;
using Saga.Registry.Drift;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Commands that concern no tenant.</summary>
internal static class FleetScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(BackUpRegistryPlan.Workflows[0], site => Task.FromResult<PreparedCommand>(new(new BackUpRegistry(), () => RequireFilesAsync(site, "completed"))
        {
            // A complete one stays, whatever became of the operation.
            UndoneAsync = () => RequireFilesAsync(site, "failed", "completed"),
        }))
        { ConfigureAsync = WithReader, IsAlone = true },
        new(ExpireRegistryBackupsPlan.Workflows[0], async site =>
        {
            var operation = await site.DoneAsync(new BackUpRegistry());
            var former = await site.ScalarAsync<Guid>("select id from registry_backups where operation_id = @operation", new { operation });
            // The newest one stays.
            await site.DoneAsync(new BackUpRegistry());
            return new(new ExpireRegistryBackups { Backups = [former] }, RequireExpiredAsync)
            {
                // What is removed cannot be brought back.
                UndoneAsync = RequireExpiredAsync,
            };

            async Task RequireExpiredAsync()
            {
                (await site.ScalarAsync<string>("select state from registry_backups where id = @former", new { former })).ShouldBe("expired");
                await RequireFilesAsync(site, "completed");
            }
        })
        { ConfigureAsync = WithReader, IsAlone = true },
        new(RotateMasterKeyWorkflow.Definition, async site =>
        {
            await site.TenantAsync();
            var id = $"k{Guid.NewGuid():n}";
            return new(new RotateMasterKey { MasterKeyId = id }, RequireRewrappedAsync)
            {
                // Keys that were wrapped again stay so.
                UndoneAsync = RequireRewrappedAsync,
                BeforeAsync = async () =>
                {
                    site.Site.Settings[$"Saga:Sealing:MasterKeys:{id}"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
                    site.Site.Settings["Saga:Sealing:ActiveKey"] = id;
                    // Those of the processes before, which are not expected to come back.
                    await site.ScalarAsync<int>("delete from processes where cardinality(master_key_ids) > 0");
                },
            };

            async Task RequireRewrappedAsync() => (await site.ScalarAsync<string>("select string_agg(distinct master_key_id, ' ') from tenant_keys")).ShouldBe(id);
        })
        { IsAlone = true },
        new(ScanDriftWorkflow.Definition, async site =>
        {
            await site.TenantAsync();
            return new(new ScanDrift { All = true }, async () =>
            {
                (await site.ScalarAsync<long>("select count(*) from drift_findings where ended_at is null")).ShouldBe(0);
                (await site.ScalarAsync<long>(
                    """
                    select count(*) from operation_steps s
                    where s.operation_id = (select id from operations where kind = 'scanDrift' order by created_at desc limit 1)
                      and jsonb_array_length(s.output -> 'unread') = 0 and s.output ->> 'leftAlone' = '0'
                    """)).ShouldBe(5);
            });
        })
        {
            IsAlone = true,
            ConfigureAsync = WithoutGrace,
        },
        new(DriftWorkflows.Repair, async site =>
        {
            var orphans = await OrphansAsync(site);
            return new(Repair(orphans), () => RequireAsync("quarantined"))
            {
                // Those that were put back, and none that were never begun.
                UndoneAsync = () => RequireAsync("released"),
            };

            async Task RequireAsync(string state)
            {
                (await site.ScalarAsync<string>("select coalesce(string_agg(distinct state, ' '), @state) from drift_quarantine where finding_id = any(@orphans)", new { orphans, state })).ShouldBe(state);
                var quarantined = state == "quarantined" ? orphans.Length : 0;
                (await site.ScalarAsync<long>("select count(*) from drift_quarantine where finding_id = any(@orphans) and ended_at is null", new { orphans })).ShouldBe(quarantined);
                (await site.ScalarAsync<long>(
                    "select count(*) from scheduled_commands s join drift_quarantine q on q.removal = s.id where q.finding_id = any(@orphans) and s.state = 'scheduled'", new { orphans })).ShouldBe(quarantined);
            }
        })
        { IsAlone = true, HasUsualNames = false, ConfigureAsync = WithoutGrace },
        .. DriftWorkflows.Release.Zip(Resources, (workflow, resource) => new CrashScenario(workflow, async site =>
        {
            var id = await QuarantinedAsync(site, resource);
            return new(new ReleaseQuarantined { QuarantineId = id, Reason = "Somebody needs it." }, () => RequireAsync("released 0"))
            {
                UndoneAsync = () => RequireAsync("quarantined 1"),
            };

            async Task RequireAsync(string state) => (await site.ScalarAsync<string>(
                "select q.state || ' ' || (select count(*) from scheduled_commands s where s.command ->> 'quarantineId' = q.id::text and s.state = 'scheduled') from drift_quarantine q where id = @id", new { id })).ShouldBe(state);
        })
        { Name = $"{workflow.Kind} {resource}", IsAlone = true, HasUsualNames = false, ConfigureAsync = WithoutGrace }),
        .. DriftWorkflows.Remove.Zip(Resources, (workflow, resource) => new CrashScenario(workflow, async site =>
        {
            var id = await QuarantinedAsync(site, resource);
            var removal = await site.ScalarAsync<Guid>("select removal from drift_quarantine where id = @id", new { id });
            return new(null, () => RequireAsync("removed"))
            {
                Scheduled = removal,
                BeforeAsync = () => site.ScalarAsync<int>("update scheduled_commands set run_at = now(), next_try_at = now() where id = @removal", new { removal }),
                // What is removed does not come back.
                UndoneAsync = () => RequireAsync("removed", "quarantined"),
            };

            async Task RequireAsync(params string[] states) => (await site.ScalarAsync<string>("select state from drift_quarantine where id = @id", new { id }))!.ShouldBeOneOf(states);
        })
        { Name = $"{workflow.Kind} {resource}", IsAlone = true, HasUsualNames = false, ConfigureAsync = WithoutGrace }),
    ];

    // One of each worker.
    private static string[] Resources => [DriftResources.Role, DriftResources.Organization, DriftResources.CacheUser];

    private static Task WithoutGrace(Site site)
    {
        site.Settings[$"{DriftOptions.Section}:GraceMinutes"] = "0";
        return Task.CompletedTask;
    }

    // What a tenant has that the registry has lost.
    private static async Task<Guid[]> OrphansAsync(CrashSite site)
    {
        var tenant = await site.TenantAsync();
        await site.ScalarAsync<int>("update tenants set status = 'failed' where id = @Value; update placements set state = 'gone' where tenant_id = @Value", new { tenant.Value });
        await site.DoneAsync(new ScanDrift { All = true });
        return (await site.ScalarAsync<Guid[]>("select array_agg(id order by resource) from drift_findings where ended_at is null and tenant_id = @Value and resource = any(@Resources)", new { tenant.Value, Resources }))!;
    }

    private static async Task<Guid> QuarantinedAsync(CrashSite site, string resource)
    {
        var orphans = await OrphansAsync(site);
        await site.DoneAsync(Repair(orphans));
        return await site.ScalarAsync<Guid>("select id from drift_quarantine where finding_id = any(@orphans) and resource = @resource", new { orphans, resource });
    }

    private static RepairDrift Repair(Guid[] orphans) => new() { Items = orphans, Reason = "Nobody needs it.", Confirm = DriftRemovals.All };

    // A login that may read all of the registry, as an operator gives it to pg_dump.
    private static Task WithReader(Site site)
    {
        site.Settings[$"{RegistryBackupOptions.Section}:ConnectionString"] = site.World.Postgres.ConnectionString(new NpgsqlConnectionStringBuilder(site.Registry.ConnectionString).Database!);
        return Task.CompletedTask;
    }

    /// <param name="site">The site.</param>
    /// <param name="newest">The possible states of the newest backup.</param>
    private static async Task RequireFilesAsync(CrashSite site, params string[] newest)
    {
        (await site.ScalarAsync<string>("select state from registry_backups order by started_at desc limit 1"))!.ShouldBeOneOf(newest);
        (await site.ScalarAsync<long>("select count(*) from registry_backups where state not in ('completed', 'expired', 'failed')")).ShouldBe(0);
        // Each has its rows and its manifest.
        (await site.FilesAsync("backups", "registry/")).ShouldBe(2 * (int)await site.ScalarAsync<long>("select count(*) from registry_backups where state = 'completed'"));
        (await site.ScalarAsync<long>("select count(*) from audit where action = 'registryBackup.complete'")).ShouldBe(await site.ScalarAsync<long>("select count(*) from registry_backups where state <> 'failed'"));
        (await site.ScalarAsync<long>("select count(*) from audit where action = 'registryBackup.fail'")).ShouldBe(await site.ScalarAsync<long>("select count(*) from registry_backups where state = 'failed'"));
    }
}
