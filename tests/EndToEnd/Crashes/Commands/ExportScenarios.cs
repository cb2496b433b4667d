using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Export;
using Saga.Lifecycle.RemoveExports;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Exports and the removal of their files.</summary>
internal static class ExportScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(ExportWorkflow.Definition, async site =>
        {
            var tenant = await site.TenantAsync();
            return new(Export(tenant), async () =>
            {
                (await StatesAsync(site, tenant)).ShouldBe("completed");
                (await site.FilesAsync("exports", $"{tenant}/")).ShouldBe(1);
                (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'export.complete'", new { tenant.Value })).ShouldBe(1);
                (await site.ScalarAsync<string>("select string_agg(state, ' ') from scheduled_commands where tenant_id = @Value and kind = 'remove-export'", new { tenant.Value })).ShouldBe("scheduled");
            })
            {
                UndoneAsync = async () =>
                {
                    (await StatesAsync(site, tenant)).ShouldBe("failed");
                    (await site.FilesAsync("exports", $"{tenant}/")).ShouldBe(0);
                },
            };
        }),
        new(RemoveExportPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync();
            var operation = await site.DoneAsync(Export(tenant));
            var export = await site.ScalarAsync<Guid>("select id from exports where operation_id = @operation", new { operation });
            return new(new RemoveExport { TenantId = tenant, ExportId = export }, async () =>
            {
                (await StatesAsync(site, tenant)).ShouldBe("removed");
                (await site.FilesAsync("exports", $"{tenant}/")).ShouldBe(0);
            });
        }),
    ];

    private static ExportTenant Export(TenantId tenant) => new() { TenantId = tenant, DataTypes = ["users", "documents", "settings", "media", "audit_logs"] };

    private static Task<string?> StatesAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select string_agg(state, ' ') from exports where tenant_id = @Value", new { tenant.Value });
}
