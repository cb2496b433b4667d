using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.Suspend;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Holds that close nothing, and the removal that makes a final backup first.</summary>
internal static class HoldScenarios
{
    private const string Limit = "limitExceeded";

    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(SuspendWorkflow.Limiting, async site =>
        {
            var tenant = await site.TenantAsync();
            var before = await AccessFacts.ReadAsync(site.Site, tenant);
            return new(Suspension(tenant), () => RequireAsync(site, tenant, before, $"{Limit} noGrowth"));
        })
        { Name = "suspend-limiting", TriesFaults = true },
        new(ReactivateWorkflow.Lifting, async site =>
        {
            var tenant = await site.TenantAsync();
            var before = await AccessFacts.ReadAsync(site.Site, tenant);
            await site.DoneAsync(Suspension(tenant));
            return new(new ReactivateTenant { TenantId = tenant, Codes = [Limit] }, () => RequireAsync(site, tenant, before, null))
            {
                UndoneAsync = () => RequireAsync(site, tenant, before, $"{Limit} noGrowth"),
            };
        })
        { Name = "reactivate-lifting", TriesFaults = true },
        new(RemoveWorkflow.RemovalAfterBackup, async site =>
        {
            await site.NeighbourAsync();
            var tenant = await site.TenantAsync();
            await CrashRows.FillAsync(site, tenant);
            var slug = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
            await site.DoneAsync(new DeprovisionTenant { TenantId = tenant, Confirm = slug, Backup = true, GraceDays = 30 });
            return new(null, async () =>
            {
                (await site.ScalarAsync<string>("select status from tenants where id = @Value", new { tenant.Value })).ShouldBe("deprovisioned");
                (await CrashRows.ReadAsync(site, tenant)).ShouldBe("0 0 0");
                (await site.ScalarAsync<long>("select count(*) from deletion_certificates where tenant_id = @Value", new { tenant.Value })).ShouldBe(1);
                (await site.ScalarAsync<string>("select string_agg(state, ' ') from backups where tenant_id = @Value", new { tenant.Value })).ShouldBe("completed");
                (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe((int)await site.ScalarAsync<long>(
                    "select count(*) from (select file from backup_parts p join backups b on b.id = p.backup_id where tenant_id = @Value union select manifest_file from backups where tenant_id = @Value) f", new { tenant.Value }));
                (await site.ScalarAsync<long>("select (select count(*) from holds where tenant_id = @Value) + (select count(*) from deprovisionings where tenant_id = @Value)", new { tenant.Value })).ShouldBe(0);
                await site.RequireNeighbourAsync();
            })
            {
                BeforeAsync = () => site.ScalarAsync<int>("update scheduled_commands set run_at = now(), next_try_at = now() where kind = 'remove' and tenant_id = @Value", new { tenant.Value }),
            };
        })
        { Name = "remove-after-backup" },
    ];

    private static SuspendTenant Suspension(TenantId tenant) => new() { TenantId = tenant, Reason = "It has too many users.", Code = Limit };

    private static async Task RequireAsync(CrashSite site, TenantId tenant, AccessFacts before, string? holds)
    {
        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before, "nothing outside is closed");
        (await site.ScalarAsync<string>("select string_agg(code || ' ' || effect, ', ') from holds where tenant_id = @Value", new { tenant.Value })).ShouldBe(holds);
    }
}
