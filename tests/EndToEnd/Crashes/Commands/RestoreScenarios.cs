using Dapper;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Backup.Retention;
using Saga.Lifecycle.Restore;
using Saga.Lifecycle.Revert;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Restores, and the way back from them.</summary>
internal static class RestoreScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(RestoreWorkflow.Beside, async site =>
        {
            var changed = await ChangedAsync(site, "premium");
            return new(Restore(changed, "beside"), async () =>
            {
                await RequireAsync(site, changed, changed.Now, "current", restored: 1);
                var database = (await RestoredAsync(site, changed.Tenant)).ShouldHaveSingleItem();
                (await CrashRows.RestoredAsync(site, changed.Tenant, database)).ShouldBe(changed.Then);
                (await site.ScalarAsync<bool>("select announced_at is not null from restored_databases where database = @database", new { database })).ShouldBeTrue();
                (await RemovalsAsync(site, changed.Tenant)).ShouldBe("scheduled");
            })
            {
                UndoneAsync = async () =>
                {
                    await RequireAsync(site, changed, changed.Now, "current", restored: 0);
                    (await RestoredAsync(site, changed.Tenant)).ShouldBeEmpty();
                    (await RemovalsAsync(site, changed.Tenant)).ShouldBeNull();
                },
            };
        })
        { Name = "restore-beside" },
        new(RestoreWorkflow.Replace, site => ReplaceAsync(site, "premium")) { Name = "restore-replace" },
        new(RestoreWorkflow.ReplaceShared, site => ReplaceAsync(site, "basic")) { Name = "restore-shared" },
        new(RevertWorkflow.PutBack, site => RevertAsync(site, "basic")) { Name = "revert-shared" },
        new(RevertWorkflow.InPlan, site => RevertAsync(site, "premium")) { Name = "revert" },
        new(RestoreWorkflow.Revive, async site =>
        {
            await site.NeighbourAsync();
            var gone = await GoneAsync(site);
            return new(Restore(gone, "replace"), async () =>
            {
                await RequireAsync(site, gone, gone.Then, "current", restored: 1);
                (await RestoredAsync(site, gone.Tenant)).ShouldBeEmpty();
                (await StatusAsync(site, gone.Tenant)).ShouldBe("active");
                (await CertificatesAsync(site, gone.Tenant)).ShouldBe(1, "what was removed stays certified");
                (await DestructionAsync(site, gone.Tenant)).ShouldBe("cancelled");
            })
            {
                UndoneAsync = async () =>
                {
                    (await StatusAsync(site, gone.Tenant)).ShouldBe("deprovisioned");
                    (await CrashRows.ReadAsync(site, gone.Tenant)).ShouldBe("0 0 0");
                    (await RestoredAsync(site, gone.Tenant)).ShouldBeEmpty();
                    (await site.ScalarAsync<long>(
                        """
                        select (select count(*) from tenant_keys where tenant_id = @Value) + (select count(*) from tenant_credentials where tenant_id = @Value)
                            + (select count(*) from tenant_settings where tenant_id = @Value) + (select count(*) from placements where tenant_id = @Value and state <> 'gone')
                        """,
                        new { gone.Tenant.Value })).ShouldBe(0);
                    site.Site.Keycloak.Organizations.ShouldNotContain(o => o.Attributes.GetValueOrDefault("tenant_id")!.Contains(gone.Tenant.ToString()));
                    (await DestructionAsync(site, gone.Tenant)).ShouldBe("scheduled");
                    await site.RequireNeighbourAsync();
                },
            };
        })
        { Name = "restore-deprovisioned" },
    ];

    private static async Task<PreparedCommand> ReplaceAsync(CrashSite site, string plan)
    {
        var changed = await ChangedAsync(site, plan);
        return new(Restore(changed, "replace"), async () =>
        {
            await RequireAsync(site, changed, changed.Then, "current kept", restored: 1);
            (await CrashRows.ReadAsync(site, changed.Tenant, "kept")).ShouldBe(changed.Now, "what was replaced is kept");
            (await RestoredAsync(site, changed.Tenant)).ShouldBeEmpty();
        })
        {
            UndoneAsync = async () =>
            {
                await RequireAsync(site, changed, changed.Now, "current", restored: 0);
                (await RestoredAsync(site, changed.Tenant)).ShouldBeEmpty();
            },
        };
    }

    private static async Task<PreparedCommand> RevertAsync(CrashSite site, string plan)
    {
        var changed = await ChangedAsync(site, plan);
        await site.DoneAsync(Restore(changed, "replace"));
        return new(new RevertMove { TenantId = changed.Tenant }, () => RequireAsync(site, changed, changed.Now, "current", restored: 1))
        {
            UndoneAsync = () => RequireAsync(site, changed, changed.Then, "current kept", restored: 1),
        };
    }

    private static RestoreTenant Restore(Changed changed, string mode) => new() { TenantId = changed.Tenant, BackupId = changed.Backup, Mode = mode };

    // A tenant whose rows have changed since its backup.
    private static async Task<Changed> ChangedAsync(CrashSite site, string plan)
    {
        await site.NeighbourAsync();
        var tenant = await site.TenantAsync(plan);
        await CrashRows.FillAsync(site, tenant);
        var then = await CrashRows.ReadAsync(site, tenant);
        await site.DoneAsync(new BackupTenant { TenantId = tenant });
        var backup = await BackupAsync(site, tenant);
        await CrashRows.ChangeAsync(site, tenant);
        return new(tenant, backup, then, await CrashRows.ReadAsync(site, tenant));
    }

    // A deprovisioned tenant, of which there is the final backup.
    private static async Task<Changed> GoneAsync(CrashSite site)
    {
        var tenant = await site.TenantAsync();
        await CrashRows.FillAsync(site, tenant);
        var then = await CrashRows.ReadAsync(site, tenant);
        var slug = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
        await site.DoneAsync(new DeprovisionTenant { TenantId = tenant, Confirm = slug, Backup = true, GraceDays = 0, ConfirmNoGrace = slug });
        await Until.TrueAsync(
            () => site.ScalarAsync<bool>("select exists (select from operations where tenant_id = @Value and kind = 'remove' and state = 'completed')", new { tenant.Value }),
            "the tenant is removed", TimeSpan.FromSeconds(180));
        return new(tenant, await BackupAsync(site, tenant), then, "");
    }

    private static async Task RequireAsync(CrashSite site, Changed changed, string rows, string places, int restored)
    {
        var tenant = changed.Tenant;
        (await CrashRows.ReadAsync(site, tenant)).ShouldBe(rows);
        (await site.ScalarAsync<string>("select string_agg(state, ' ' order by state) from placements where tenant_id = @Value and state <> 'gone'", new { tenant.Value })).ShouldBe(places);
        (await site.ScalarAsync<long>("select count(*) from holds where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
        await CrashRows.RequireOpenAsync(site, tenant);
        await BackupScenarios.RequireBackupAsync(site, tenant);
        (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'restore.complete'", new { tenant.Value })).ShouldBe(restored);
        await site.RequireNeighbourAsync();
    }

    // The databases that restores of the tenant have made, each of which the registry knows.
    private static async Task<IReadOnlyList<string>> RestoredAsync(CrashSite site, TenantId tenant)
    {
        await using var registry = await site.Site.Registry.OpenConnectionAsync();
        var own = (await registry.QueryAsync<Guid>("select id from operations where tenant_id = @Value", new { tenant.Value })).Select(o => $"restored_{o:n}");
        var there = (await CrashRows.DatabasesAsync(site)).Intersect(own, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        there.ShouldBe(await registry.QueryAsync<string>("select database from restored_databases where tenant_id = @Value order by 1", new { tenant.Value }));
        return there;
    }

    private static Task<Guid> BackupAsync(CrashSite site, TenantId tenant) => site.ScalarAsync<Guid>("select id from backups where tenant_id = @Value and state = 'completed'", new { tenant.Value });

    private static Task<string?> StatusAsync(CrashSite site, TenantId tenant) => site.ScalarAsync<string>("select status from tenants where id = @Value", new { tenant.Value });

    private static Task<long> CertificatesAsync(CrashSite site, TenantId tenant) => site.ScalarAsync<long>("select count(*) from deletion_certificates where tenant_id = @Value", new { tenant.Value });

    private static Task<string?> DestructionAsync(CrashSite site, TenantId tenant) => ScheduledAsync(site, tenant, DestroyBackupsPlan.Kind);

    private static Task<string?> RemovalsAsync(CrashSite site, TenantId tenant) => ScheduledAsync(site, tenant, RemoveRestoredPlan.Kind);

    private static Task<string?> ScheduledAsync(CrashSite site, TenantId tenant, string kind) =>
        site.ScalarAsync<string>("select string_agg(state, ' ') from scheduled_commands where tenant_id = @Value and kind = @kind", new { tenant.Value, kind });

    /// <param name="Tenant">The tenant.</param>
    /// <param name="Backup">Its backup.</param>
    /// <param name="Then">Its rows at the backup.</param>
    /// <param name="Now">Its rows before the command.</param>
    private sealed record Changed(TenantId Tenant, Guid Backup, string Then, string Now);
}
