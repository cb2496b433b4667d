using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
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
        }),
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
        }),
    ];
}
