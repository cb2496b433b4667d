using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Migrate;
using Saga.Lifecycle.Revert;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Another plan in the same place, another place in the same plan, both, and the way back.</summary>
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
        { Name = "migrate-in-place" },
        new(MigrateWorkflow.Move, async site =>
        {
            var (tenant, rows) = await FilledAsync(site);
            return new(
                new MigrateTenant { TenantId = tenant, Isolation = "row", MigrationOptions = new() { Downtime = true } },
                () => RequireAsync(site, tenant, rows, "premium", "row", "current kept", changes: 0, moves: 1))
            {
                UndoneAsync = () => RequireAsync(site, tenant, rows, "premium", "schema", "current", changes: 0),
            };
        })
        { Name = "move" },
        new(MigrateWorkflow.MoveAndChange, async site =>
        {
            var (tenant, rows) = await FilledAsync(site, "basic");
            return new(ToPremium(tenant), () => RequireAsync(site, tenant, rows, "premium", "schema", "current kept", changes: 1, moves: 1))
            {
                UndoneAsync = () => RequireAsync(site, tenant, rows, "basic", "row", "current", changes: 0),
            };
        }),
        new(RevertWorkflow.WithPlan, async site =>
        {
            var (tenant, rows) = await FilledAsync(site, "basic");
            await site.DoneAsync(ToPremium(tenant));
            return new(new RevertMove { TenantId = tenant }, () => RequireAsync(site, tenant, rows, "basic", "row", "current", changes: 2, moves: 2))
            {
                UndoneAsync = () => RequireAsync(site, tenant, rows, "premium", "schema", "current kept", changes: 1, moves: 1),
            };
        })
        { Name = "revert-with-plan" },
    ];

    private static MigrateTenant ToPremium(TenantId tenant) => new() { TenantId = tenant, TargetPlan = "premium", Isolation = "schema", MigrationOptions = new() { Downtime = true } };

    private static async Task<(TenantId Tenant, string Rows)> FilledAsync(CrashSite site, string from = "premium")
    {
        await site.NeighbourAsync();
        var tenant = await site.TenantAsync(from);
        await CrashRows.FillAsync(site, tenant);
        return (tenant, await CrashRows.ReadAsync(site, tenant));
    }

    private static async Task RequireAsync(CrashSite site, TenantId tenant, string rows, string plan, string tier, string places, int changes, int moves = 0)
    {
        (await CrashRows.ReadAsync(site, tenant)).ShouldBe(rows);
        (await site.ScalarAsync<string>("select concat_ws(' ', t.plan, t.tier, p.tier) from tenants t join placements p on p.tenant_id = t.id and state = 'current' where t.id = @Value", new { tenant.Value }))
            .ShouldBe($"{plan} {tier} {tier}");
        (await site.ScalarAsync<string>("select string_agg(state, ' ' order by state) from placements where tenant_id = @Value and state <> 'gone'", new { tenant.Value })).ShouldBe(places);
        (await site.ScalarAsync<long>("select count(*) from holds where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
        await CrashRows.RequireOpenAsync(site, tenant);
        (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'plan.change'", new { tenant.Value })).ShouldBe(changes);
        (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'tenant.move'", new { tenant.Value })).ShouldBe(moves);
        (await site.ScalarAsync<string>("select string_agg(state, ' ') from scheduled_commands where tenant_id = @Value and kind = 'remove-copy'", new { tenant.Value }))
            .ShouldBe(moves switch { 0 => null, 1 => "scheduled", _ => "cancelled" }, "a copy that is kept is removed later");
        await site.RequireNeighbourAsync();
    }

    private static Task<string?> SettingsAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select string_agg(concat_ws(' ', key, value, encode(sealed, 'hex')), ', ' order by key) from tenant_settings where tenant_id = @Value", new { tenant.Value });
}
