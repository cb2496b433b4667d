using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Deprovision;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>The way of a tenant to its end, and back while there is one.</summary>
internal static class DeprovisionScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(DeprovisionWorkflow.Closing, async site =>
        {
            var tenant = await site.TenantAsync();
            return new(await CommandAsync(site, tenant, backup: false), async () =>
            {
                (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
                (await site.ScalarAsync<string>("select string_agg(code || ' ' || effect, ', ') from holds where tenant_id = @Value", new { tenant.Value })).ShouldBe("deletion closed");
                (await RemovalAsync(site, tenant)).ShouldBe("scheduled");
            });
        })
        { Commits = 4 },
        new(CancelDeprovisioningPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync();
            var before = await AccessFacts.ReadAsync(site.Site, tenant);
            await site.DoneAsync(await CommandAsync(site, tenant, backup: false));
            var closed = await AccessFacts.ReadAsync(site.Site, tenant);
            return new(new CancelDeprovisioning { TenantId = tenant }, () => RequireAsync(site, tenant, before, held: 0))
            {
                // The removal is taken back all the same. What was opened is closed again.
                UndoneAsync = () => RequireAsync(site, tenant, closed, held: 1),
            };
        })
        { Commits = 3 },
        new(RemoveWorkflow.Removal, site => RemoveAsync(site, backup: false)),
        new(RemoveWorkflow.RemovalAfterBackup, site => RemoveAsync(site, backup: true)) { Name = "remove-after-backup" },
    ];

    private static async Task<PreparedCommand> RemoveAsync(CrashSite site, bool backup)
    {
        await site.NeighbourAsync();
        var tenant = await site.TenantAsync();
        await CrashRows.FillAsync(site, tenant);
        var (before, rows) = (await AccessFacts.ReadAsync(site.Site, tenant), await CrashRows.ReadAsync(site, tenant));
        await site.DoneAsync(await CommandAsync(site, tenant, backup));
        return new(null, async () =>
        {
            (await site.ScalarAsync<string>("select status from tenants where id = @Value", new { tenant.Value })).ShouldBe("deprovisioned");
            (await CrashRows.ReadAsync(site, tenant)).ShouldBe("0 0 0");
            // Whatever an attempt removed before it died is in the certificate. Nothing was exported.
            (await site.ScalarAsync<string>(
                """
                select string_agg((document::jsonb @? '$.removed[*] ? (@.existed == false && @.resource != "exports")' or document::jsonb @? '$.sealingKey ? (@.existed == false)')::text, ' ')
                from deletion_certificates where tenant_id = @Value
                """,
                new { tenant.Value })).ShouldBe("false");
            if (backup)
                await BackupScenarios.RequireBackupAsync(site, tenant);
            (await site.ScalarAsync<long>("select (select count(*) from holds where tenant_id = @Value) + (select count(*) from deprovisionings where tenant_id = @Value)", new { tenant.Value })).ShouldBe(0);
            await site.RequireNeighbourAsync();
        })
        {
            Tenant = tenant,
            BeforeAsync = () => site.ScalarAsync<int>("update scheduled_commands set run_at = now(), next_try_at = now() where kind = 'remove' and tenant_id = @Value", new { tenant.Value }),
            UndoneAsync = async () =>
            {
                (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue("it stays closed until somebody takes the deprovisioning back");
                (await site.FilesAsync("backups", $"{tenant}/")).ShouldBe(0);
                await site.DoneAsync(new CancelDeprovisioning { TenantId = tenant });
                (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before);
                (await CrashRows.ReadAsync(site, tenant)).ShouldBe(rows);
                await site.RequireNeighbourAsync();
            },
        };
    }

    private static async Task<DeprovisionTenant> CommandAsync(CrashSite site, TenantId tenant, bool backup) => new()
    {
        TenantId = tenant, Confirm = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!, Backup = backup, GraceDays = 30,
    };

    private static async Task RequireAsync(CrashSite site, TenantId tenant, AccessFacts facts, int held)
    {
        (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(facts);
        (await site.ScalarAsync<long>("select count(*) from holds where tenant_id = @Value", new { tenant.Value })).ShouldBe(held);
        (await site.ScalarAsync<long>("select count(*) from deprovisionings where tenant_id = @Value", new { tenant.Value })).ShouldBe(held);
        (await RemovalAsync(site, tenant)).ShouldBe("cancelled");
    }

    private static Task<string?> RemovalAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select string_agg(state, ' ') from scheduled_commands where tenant_id = @Value and kind = 'remove'", new { tenant.Value });
}
