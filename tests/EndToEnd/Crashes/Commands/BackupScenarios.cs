using Amazon.S3.Model;
using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup;
using Saga.Lifecycle.Backup.Copies;
using Saga.Lifecycle.Backup.Drills;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.Rotate;
using Saga.Tests.Support;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Backups, and what happens to them after they were made.</summary>
internal static class BackupScenarios
{
    // How many were prepared, each in the next tier.
    private static int backups;

    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(BackupWorkflow.Definition, async site =>
        {
            var tenant = await site.TenantAsync(((string[])["basic", "premium", "enterprise"])[(RunSeed.Value + Interlocked.Increment(ref backups)) % 3]);
            var key = $"tenants/{tenant}/a.txt";
            using (var client = site.Site.World.S3.Client())
                await client.PutObjectAsync(new PutObjectRequest { BucketName = site.Site.Bucket, Key = key, ContentBody = "an object" });
            return new(new BackupTenant { TenantId = tenant, IncludeObjects = true }, async () =>
            {
                await RequireBackupAsync(site, tenant);
                (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'backup.complete'", new { tenant.Value })).ShouldBe(1);
                await TakeAsync();
            })
            {
                UndoneAsync = async () =>
                {
                    (await site.ScalarAsync<string>("select string_agg(state || ' ' || (failure ->> 'code'), ', ') from backups where tenant_id = @Value", new { tenant.Value })).ShouldBe("failed told-to-fail");
                    (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe(0);
                    (await site.ScalarAsync<long>("select count(*) from backup_data_keys k join backups b on b.id = k.backup_id where b.tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
                    (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'backup.fail'", new { tenant.Value })).ShouldBe(1);
                    await TakeAsync();
                },
            };

            // A tenant that was only provisioned has no object.
            async Task TakeAsync()
            {
                using var client = site.Site.World.S3.Client();
                var version = (await client.ListVersionsAsync(site.Site.Bucket, key)).Versions.ShouldHaveSingleItem();
                await client.DeleteObjectAsync(site.Site.Bucket, key, version.VersionId);
            }
        }),
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
                // A copy that is complete stays.
                UndoneAsync = async () =>
                    (await site.ScalarAsync<bool>("select copied_at is not null from backups where id = @backup", new { backup })).ShouldBeTrue(),
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
            return new(new RotateCredentials { TenantId = tenant, What = ["backupKey"] }, RequireRewrappedAsync)
            {
                // The former version is gone.
                UndoneAsync = RequireRewrappedAsync,
            };

            async Task RequireRewrappedAsync()
            {
                (await site.ScalarAsync<string>("select string_agg(version::text, ' ') from backup_keys where tenant_id = @Value", new { tenant.Value })).ShouldBe("2");
                (await site.ScalarAsync<int>("select key_version from backup_data_keys where backup_id = @backup", new { backup })).ShouldBe(2);
            }
        })
        { Name = "rotate-backup-key" },
        new(ExpireBackupsPlan.Workflows[0], async site =>
        {
            var (tenant, backup) = await BackedUpAsync(site);
            return new(new ExpireBackups { TenantId = tenant, Backups = [backup], EvenLast = true, Reason = "Nobody needs it." }, () => RequireExpiredAsync(site, tenant))
            {
                // What is removed cannot be brought back.
                UndoneAsync = () => RequireExpiredAsync(site, tenant),
            };
        }),
        new(DestroyBackupsPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync();
            var slug = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
            await site.DoneAsync(new DeprovisionTenant { TenantId = tenant, Confirm = slug, Backup = true, GraceDays = 0, ConfirmNoGrace = slug });
            await Until.TrueAsync(() => site.ScalarAsync<bool>("select exists (select from scheduled_commands where kind = 'destroyBackups' and tenant_id = @Value)", new { tenant.Value }), "the tenant is removed", TimeSpan.FromSeconds(120));
            return new(null, async () =>
            {
                await RequireExpiredAsync(site, tenant);
                (await site.ScalarAsync<long>("select count(*) from backup_keys where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
            })
            {
                Tenant = tenant,
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
                (await CrashRows.DatabasesAsync(site)).ShouldNotContain($"restored_{restore:n}");
            })
            {
                UndoneAsync = async () =>
                {
                    (await site.ScalarAsync<long>("select count(*) from restored_databases where operation_id = @restore", new { restore })).ShouldBe(1);
                    (await CrashRows.DatabasesAsync(site)).ShouldContain($"restored_{restore:n}");
                },
            };
        }),
    ];

    /// <summary>Throws unless the tenant has one complete backup, with the files that the registry knows and no others.</summary>
    public static async Task RequireBackupAsync(CrashSite site, TenantId tenant)
    {
        (await site.ScalarAsync<string>("select string_agg(state, ' ') from backups where tenant_id = @Value", new { tenant.Value })).ShouldBe("completed");
        (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe((int)await site.ScalarAsync<long>(
            "select count(*) from (select file from backup_parts p join backups b on b.id = p.backup_id where tenant_id = @Value union select manifest_file from backups where tenant_id = @Value) f", new { tenant.Value }));
    }

    private static async Task<(TenantId Tenant, Guid Backup)> BackedUpAsync(CrashSite site)
    {
        var tenant = await site.TenantAsync();
        var operation = await site.DoneAsync(new BackupTenant { TenantId = tenant });
        return (tenant, await site.ScalarAsync<Guid>("select id from backups where operation_id = @operation", new { operation }));
    }

    private static async Task RequireExpiredAsync(CrashSite site, TenantId tenant)
    {
        (await site.ScalarAsync<string>("select string_agg(distinct state, ' ') from backups where tenant_id = @Value", new { tenant.Value })).ShouldBe("expired");
        (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe(0);
    }

    private static async Task RequireNothingRestoredAsync(CrashSite site)
    {
        (await site.ScalarAsync<long>("select count(*) from restored_databases")).ShouldBe(0);
        await using var registry = await site.Site.Registry.OpenConnectionAsync();
        var own = (await registry.QueryAsync<Guid>("select id from operations")).Select(o => $"restored_{o:n}");
        (await CrashRows.DatabasesAsync(site)).Intersect(own, StringComparer.Ordinal).ShouldBeEmpty();
    }
}
