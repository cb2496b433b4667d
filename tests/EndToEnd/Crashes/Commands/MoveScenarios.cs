using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Migrate;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Another plan in the same place, and another place in the same plan.</summary>
internal static class MoveScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(MigrateWorkflow.InPlace, async site =>
        {
            var (tenant, rows) = await FilledAsync(site);
            var settings = await SettingsAsync(site, tenant);
            return new(new MigrateTenant { TenantId = tenant, TargetPlan = "custom" }, () => RequireAsync(site, tenant, rows, "custom", "schema", "current", changes: 1))
            {
                UndoneAsync = async () =>
                {
                    await RequireAsync(site, tenant, rows, "premium", "schema", "current", changes: 0);
                    (await SettingsAsync(site, tenant)).ShouldBe(settings);
                },
            };
        })
        { Name = "migrate-in-place", TriesFaults = true },
        new(MigrateWorkflow.Move, async site =>
        {
            var (tenant, rows) = await FilledAsync(site);
            return new(
                new MigrateTenant { TenantId = tenant, Isolation = "row", MigrationOptions = new() { Downtime = true } },
                () => RequireAsync(site, tenant, rows, "premium", "row", "current kept", changes: 0))
            {
                UndoneAsync = () => RequireAsync(site, tenant, rows, "premium", "schema", "current", changes: 0),
            };
        })
        { Name = "move", TriesFaults = true },
    ];

    private static async Task<(TenantId Tenant, string Rows)> FilledAsync(CrashSite site)
    {
        await site.NeighbourAsync();
        var tenant = await site.TenantAsync("premium");
        await CrashRows.FillAsync(site, tenant);
        return (tenant, await CrashRows.ReadAsync(site, tenant));
    }

    private static async Task RequireAsync(CrashSite site, TenantId tenant, string rows, string plan, string tier, string places, int changes)
    {
        (await CrashRows.ReadAsync(site, tenant)).ShouldBe(rows);
        (await site.ScalarAsync<string>("select concat_ws(' ', t.plan, t.tier, p.tier) from tenants t join placements p on p.tenant_id = t.id and state = 'current' where t.id = @Value", new { tenant.Value }))
            .ShouldBe($"{plan} {tier} {tier}");
        (await site.ScalarAsync<string>("select string_agg(state, ' ' order by state) from placements where tenant_id = @Value and state <> 'gone'", new { tenant.Value })).ShouldBe(places);
        (await site.ScalarAsync<long>("select count(*) from holds where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsOpen.ShouldBeTrue();
        (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'plan.change'", new { tenant.Value })).ShouldBe(changes);
        await site.RequireNeighbourAsync();
    }

    private static Task<string?> SettingsAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select string_agg(key || value, ' ' order by key) from tenant_settings where tenant_id = @Value", new { tenant.Value });
}
