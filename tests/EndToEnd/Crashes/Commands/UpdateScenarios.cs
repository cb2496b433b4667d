using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Rotate;
using Saga.Lifecycle.Update;
using Saga.Registry.Tenants;
using Saga.Tests.EndToEnd.Credentials;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>Changes of what the directory knows, and of a tenant's logins.</summary>
internal static class UpdateScenarios
{
    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(UpdateWorkflow.WithDirectory, async site =>
        {
            var id = await site.TenantAsync();
            var tenant = await FindAsync(site, id);
            var before = await FactsAsync(site, id);
            var command = Updates.Command(
                tenant, $$$"""{"name":"New {{{tenant.Slug}}}","description":"Makes anvils.","adminEmail":"new@{{{tenant.Slug}}}.example","phone":"+493012345678","features":{"biometric_auth":true}}""");
            return new(command, async () =>
            {
                var after = await FindAsync(site, id);
                (after.Name, after.Description, after.Phone).ShouldBe(($"New {tenant.Slug}", "Makes anvils.", "+493012345678"));
                (await FactsAsync(site, id)).ShouldEndWith($"New {tenant.Slug} Makes anvils. True admin@{tenant.Slug}.example False, new@{tenant.Slug}.example True");
                (await site.ScalarAsync<long>("select count(*) from tenant_settings where tenant_id = @Value and key = 'feature:biometric_auth' and value = 'true'", new { id.Value })).ShouldBe(1);
                (await site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'tenant.change'", new { id.Value })).ShouldBe(1);
            })
            {
                UndoneAsync = async () => (await FactsAsync(site, id)).ShouldBe(before),
            };
        })
        { HasUsualNames = false },
        new(RotateWorkflow.Logins, async site =>
        {
            var tenant = await site.TenantAsync();
            var before = await AccessFacts.ReadAsync(site.Site, tenant);
            return new(new RotateCredentials { TenantId = tenant, What = ["database", "cache", "tenantKey"] }, () => RequireLoginAsync(site, tenant, "_b", rotations: 1))
            {
                UndoneAsync = async () =>
                {
                    (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before);
                    await RequireLoginAsync(site, tenant, "", rotations: 0);
                },
            };
        })
        {
            Commits = 3,
            ConfigureAsync = site =>
            {
                site.Settings["Saga:Credentials:DrainSeconds"] = "0";
                return Task.CompletedTask;
            },
        },
    ];

    private static async Task<Tenant> FindAsync(CrashSite site, TenantId tenant) => (await new TenantStore(site.Site.Registry).FindAsync(tenant))!;

    // What the registry and the directory have of the tenant, and also a user that was left behind and belongs to no organisation.
    private static async Task<string> FactsAsync(CrashSite site, TenantId id)
    {
        var keycloak = site.Site.Keycloak;
        var organization = keycloak.Organizations.Single(o => o.Attributes["tenant_id"][0] == id.ToString());
        var users = keycloak.Users.Where(u => organization.Members.Contains(u.Id) || u.Username.EndsWith($"@{organization.Alias}.example", StringComparison.Ordinal))
            .Select(u => $"{u.Username} {organization.Administrators.Contains(u.Id)}").Order(StringComparer.Ordinal);
        return $"{await Updates.FactsAsync(site.Site.Registry, id)} {organization.Name} {organization.Description} {organization.Enabled} {string.Join(", ", users)}";
    }

    private static async Task RequireLoginAsync(CrashSite site, TenantId tenant, string suffix, int rotations)
    {
        await using (var service = new ProductService(site.Site.Configuration()))
            (await service.RequestAsync(tenant)).ShouldBe($"t_{tenant.Compact}{suffix}");
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsOpen.ShouldBeTrue();
        (await site.ScalarAsync<long>("select count(*) from credential_rotations where tenant_id = @Value", new { tenant.Value })).ShouldBe(rotations);
        (await site.ScalarAsync<long>("select count(*) from tenant_credentials where tenant_id = @Value and purpose not in ('database', 'cache')", new { tenant.Value })).ShouldBe(0);
    }
}
