using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.Suspend;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Holds that close a tenant, and holds that close nothing.</summary>
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
        { Name = "suspend-limiting" },
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
        { Name = "reactivate-lifting" },
        new(SuspendWorkflow.Closing, async site =>
        {
            var tenant = await site.TenantAsync();
            return new(Suspension(tenant, "abuse"), async () =>
            {
                (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
                (await HoldsAsync(site, tenant)).ShouldBe("abuse closed");
                (await site.ScalarAsync<long>("select count(*) from holds where tenant_id = @Value and unannounced is not null", new { tenant.Value })).ShouldBe(0);
            });
        })
        { Commits = 3 },
        new(ReactivateWorkflow.Opening, async site =>
        {
            var tenant = await site.TenantAsync();
            var before = await AccessFacts.ReadAsync(site.Site, tenant);
            await site.DoneAsync(Suspension(tenant, "abuse"));
            var closed = await AccessFacts.ReadAsync(site.Site, tenant);
            return new(new ReactivateTenant { TenantId = tenant }, () => RequireAsync(site, tenant, before, null))
            {
                UndoneAsync = async () =>
                {
                    (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(closed, "what was opened is closed again");
                    (await HoldsAsync(site, tenant)).ShouldBe("abuse closed");
                    (await site.ScalarAsync<long>("select count(*) from reactivations where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
                    (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'hold.lift'", new { tenant.Value })).ShouldBe(0);
                },
            };
        })
        { Commits = 3 },
    ];

    private static SuspendTenant Suspension(TenantId tenant, string code = Limit) => new() { TenantId = tenant, Reason = "The test wants it so.", Code = code };

    private static Task<string?> HoldsAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select string_agg(code || ' ' || effect, ', ') from holds where tenant_id = @Value", new { tenant.Value });

    private static async Task RequireAsync(CrashSite site, TenantId tenant, AccessFacts before, string? holds)
    {
        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before, "nothing outside is closed");
        (await HoldsAsync(site, tenant)).ShouldBe(holds);
    }
}
