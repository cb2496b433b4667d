using System.Security.Cryptography;
using Npgsql;
using Saga.Contracts.Commands;
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
            ConfigureAsync = site =>
            {
                site.Settings[$"{DriftOptions.Section}:GraceMinutes"] = "0";
                return Task.CompletedTask;
            },
        },
    ];

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
