using Dapper;
using Npgsql;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Copies;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.Rotate;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>What happens to backups after they were made.</summary>
internal static class BackupScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(DrillBackupPlan.Workflows[0], async site =>
        {
            var (tenant, backup) = await BackedUpAsync(site);
            return new(new DrillBackup { TenantId = tenant, BackupId = backup }, async () =>
            {
                (await site.ScalarAsync<bool>("select proven_at is not null from backups where id = @backup", new { backup })).ShouldBeTrue();
                await RequireNothingRestoredAsync(site);
            })
            {
                UndoneAsync = () => RequireNothingRestoredAsync(site),
            };
        }),
        new(CopyBackupPlan.Workflows[0], async site =>
        {
            var (_, backup) = await BackedUpAsync(site);
            // A process copies by itself what is not known to have failed lately.
            await site.ScalarAsync<int>("update backups set copy_failures = 1, copy_failed_at = now() where id = @backup", new { backup });
            return new(new CopyBackup { BackupId = backup }, async () =>
            {
                (await site.ScalarAsync<bool>("select copied_at is not null from backups where id = @backup", new { backup })).ShouldBeTrue();
                (await site.FilesAsync("copies")).ShouldBe((int)await site.ScalarAsync<long>(
                    "select count(*) from (select file from backup_parts p join backups b on b.id = p.backup_id where copied_at is not null union select manifest_file from backups where copied_at is not null) f"));
            })
            {
                BeforeAsync = () =>
                {
                    var settings = site.Site.Settings;
                    settings["Saga:Backups:Copy:Bucket"] = $"{site.Site.Bucket}-copies";
                    settings["Saga:Backups:Copy:Endpoint"] = site.Site.World.S3.Url;
                    settings["Saga:Backups:Copy:AccessKey"] = site.Site.World.S3.AccessKey;
                    settings["Saga:Backups:Copy:SecretKey"] = site.Site.World.S3.SecretKey;
                    settings["Saga:Backups:Copy:RetryMinutes"] = "10080";
                    return Task.CompletedTask;
                },
            };
        }),
        new(RotateWorkflow.BackupKey, async site =>
        {
            var (tenant, backup) = await BackedUpAsync(site);
            return new(new RotateCredentials { TenantId = tenant, What = ["backupKey"] }, async () =>
            {
                (await site.ScalarAsync<string>("select string_agg(version::text, ' ') from backup_keys where tenant_id = @Value", new { tenant.Value })).ShouldBe("2");
                (await site.ScalarAsync<int>("select key_version from backup_data_keys where backup_id = @backup", new { backup })).ShouldBe(2);
            });
        })
        { TriesFaults = true },
        new(ExpireBackupsPlan.Workflows[0], async site =>
        {
            var (tenant, backup) = await BackedUpAsync(site);
            return new(new ExpireBackups { TenantId = tenant, Backups = [backup], EvenLast = true, Reason = "Nobody needs it." }, async () =>
            {
                (await StatesAsync(site, tenant)).ShouldBe("expired");
                (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe(0);
            });
        }),
        new(DestroyBackupsPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync();
            var slug = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
            await site.DoneAsync(new DeprovisionTenant { TenantId = tenant, Confirm = slug, Backup = true, GraceDays = 0, ConfirmNoGrace = slug });
            await Until.TrueAsync(() => site.ScalarAsync<bool>("select exists (select from scheduled_commands where kind = 'destroyBackups' and tenant_id = @Value)", new { tenant.Value }), "the tenant is removed", TimeSpan.FromSeconds(120));
            return new(null, async () =>
            {
                (await StatesAsync(site, tenant)).ShouldBe("expired");
                (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe(0);
                (await site.ScalarAsync<long>("select count(*) from backup_keys where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
            })
            {
                BeforeAsync = () => site.ScalarAsync<int>("update scheduled_commands set run_at = now(), next_try_at = now() where kind = 'destroyBackups' and tenant_id = @Value", new { tenant.Value }),
            };
        }),
        new(RemoveRestoredPlan.Workflows[0], async site =>
        {
            var (tenant, backup) = await BackedUpAsync(site);
            var restore = await site.DoneAsync(new RestoreTenant { TenantId = tenant, BackupId = backup, Mode = "beside" });
            return new(new RemoveRestored { TenantId = tenant, OperationId = restore }, async () =>
            {
                (await site.ScalarAsync<long>("select count(*) from restored_databases where operation_id = @restore", new { restore })).ShouldBe(0);
                (await DatabasesAsync(site)).ShouldNotContain($"restored_{restore:n}");
            });
        }),
    ];

    private static async Task<(TenantId Tenant, Guid Backup)> BackedUpAsync(CrashSite site)
    {
        var tenant = await site.TenantAsync();
        var operation = await site.DoneAsync(new BackupTenant { TenantId = tenant });
        return (tenant, await site.ScalarAsync<Guid>("select id from backups where operation_id = @operation", new { operation }));
    }

    private static Task<string?> StatesAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select string_agg(distinct state, ' ') from backups where tenant_id = @Value", new { tenant.Value });

    private static async Task RequireNothingRestoredAsync(CrashSite site)
    {
        (await site.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
        await using var registry = await site.Site.Registry.OpenConnectionAsync();
        var own = (await registry.QueryAsync<Guid>("select id from operations")).Select(o => $"restored_{o:n}");
        (await DatabasesAsync(site)).Intersect(own, StringComparer.Ordinal).ShouldBeEmpty();
    }

    private static async Task<IReadOnlyList<string>> DatabasesAsync(CrashSite site)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(site.Site.Servers[0].ConnectionString) { Pooling = false }.ConnectionString);
        return [.. await connection.QueryAsync<string>("select datname from pg_database")];
    }
}
