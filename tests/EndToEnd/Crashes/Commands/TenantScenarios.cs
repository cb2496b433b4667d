using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Deprovision;
using Saga.Lifecycle.DomainLinking;
using Saga.Lifecycle.Verify;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Commands that change little of a tenant.</summary>
internal static class TenantScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(VerifyWorkflow.Definition, async site =>
        {
            var tenant = await site.TenantAsync();
            return new(new VerifyTenant { TenantId = tenant }, async () =>
                (await site.ScalarAsync<string>("select output::text from operation_steps s join operations o on o.id = s.operation_id where o.tenant_id = @Value and step = 'tenant.check'", new { tenant.Value }))
                    .ShouldNotBeNull());
        })
        { TriesFaults = true },
        new(LinkDomainsWorkflow.Definition, async site =>
        {
            var tenant = await site.TenantAsync();
            var domain = $"d{tenant.Compact}.example";
            var organization = site.Site.Keycloak.Organizations.Single(o => o.Attributes.GetValueOrDefault("tenant_id") is [var id] && id == tenant.ToString());
            organization.Domains.Add(new(domain, true));
            // Linked already, so that no process links it by itself.
            await site.ScalarAsync<int>(
                "insert into tenant_domains (tenant_id, domain, token, state, created_at, proved_at, linked_at) values (@Value, @domain, 'proof', 'proved', now(), now(), now())", new { tenant.Value, domain });
            return new(new LinkDomains { TenantId = tenant, Remove = domain }, async () =>
            {
                organization.Domains.Select(d => d.Name).ShouldNotContain(domain);
                (await site.ScalarAsync<long>("select count(*) from tenant_domains where tenant_id = @Value", new { tenant.Value })).ShouldBe(0);
            });
        })
        { TriesFaults = true },
        new(CancelDeprovisioningPlan.Workflows[0], async site =>
        {
            var tenant = await site.TenantAsync();
            var before = await AccessFacts.ReadAsync(site.Site, tenant);
            var slug = (await site.ScalarAsync<string>("select slug from tenants where id = @Value", new { tenant.Value }))!;
            await site.DoneAsync(new DeprovisionTenant { TenantId = tenant, Confirm = slug, Backup = false, GraceDays = 30 });
            return new(new CancelDeprovisioning { TenantId = tenant }, async () =>
            {
                (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before);
                (await CountAsync(site, "holds", tenant)).ShouldBe(0);
                (await CountAsync(site, "deprovisionings", tenant)).ShouldBe(0);
                (await site.ScalarAsync<string>("select string_agg(state, ' ') from scheduled_commands where tenant_id = @Value and kind = 'remove'", new { tenant.Value })).ShouldBe("cancelled");
            });
        })
        { TriesFaults = true },
    ];

    private static Task<long> CountAsync(CrashSite site, string table, TenantId tenant) => site.ScalarAsync<long>($"select count(*) from {table} where tenant_id = @Value", new { tenant.Value });
}
