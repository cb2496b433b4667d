using System.Security.Cryptography;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Lifecycle.Backup.OfRegistry;
using Saga.Lifecycle.MasterKeys;
using Saga.Registry.Backups.OfRegistry;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Commands that concern no tenant.</summary>
internal static class FleetScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(BackUpRegistryPlan.Workflows[0], site => Task.FromResult<PreparedCommand>(new(new BackUpRegistry(), () => RequireFilesAsync(site)))) { ConfigureAsync = WithReader, IsAlone = true },
        new(ExpireRegistryBackupsPlan.Workflows[0], async site =>
        {
            var operation = await site.DoneAsync(new BackUpRegistry());
            var former = await site.ScalarAsync<Guid>("select id from registry_backups where operation_id = @operation", new { operation });
            // The newest one stays.
            await site.DoneAsync(new BackUpRegistry());
            return new(new ExpireRegistryBackups { Backups = [former] }, async () =>
            {
                (await site.ScalarAsync<string>("select state from registry_backups where id = @former", new { former })).ShouldBe("expired");
                await RequireFilesAsync(site);
            });
        })
        { ConfigureAsync = WithReader, IsAlone = true },
        new(RotateMasterKeyWorkflow.Definition, async site =>
        {
            await site.TenantAsync();
            var id = $"k{Guid.NewGuid():n}";
            return new(new RotateMasterKey { MasterKeyId = id }, async () =>
                (await site.ScalarAsync<string>("select string_agg(distinct master_key_id, ' ') from tenant_keys")).ShouldBe(id))
            {
                BeforeAsync = async () =>
                {
                    site.Site.Settings[$"Saga:Sealing:MasterKeys:{id}"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
                    site.Site.Settings["Saga:Sealing:ActiveKey"] = id;
                    // Those of the processes before, which are not expected to come back.
                    await site.ScalarAsync<int>("delete from processes where cardinality(master_key_ids) > 0");
                },
            };
        })
        { IsAlone = true },
    ];

    // A login that may read all of the registry, as an operator gives it to pg_dump.
    private static Task WithReader(Site site)
    {
        site.Settings[$"{RegistryBackupOptions.Section}:ConnectionString"] = site.World.Postgres.ConnectionString(new NpgsqlConnectionStringBuilder(site.Registry.ConnectionString).Database!);
        return Task.CompletedTask;
    }

    private static async Task RequireFilesAsync(CrashSite site)
    {
        (await site.ScalarAsync<long>("select count(*) from registry_backups where state not in ('completed', 'expired')")).ShouldBe(0);
        // Each has its rows and its manifest.
        (await site.FilesAsync("backups", "registry/")).ShouldBe(2 * (int)await site.ScalarAsync<long>("select count(*) from registry_backups where state = 'completed'"));
        (await site.ScalarAsync<long>("select count(*) from audit where action = 'registryBackup.complete'")).ShouldBe(await site.ScalarAsync<long>("select count(*) from registry_backups"));
    }
}
