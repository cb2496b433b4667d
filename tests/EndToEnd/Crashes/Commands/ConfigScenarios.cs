using System.Text.Json;
using Saga.Contracts.Commands;
using Saga.Contracts.Identifiers;
using Saga.Lifecycle.Config;
using Shouldly;

namespace Saga.Tests.EndToEnd.Crashes.Commands;

/// <summary>A tenant's own values.</summary>
internal static class ConfigScenarios
{
    private const string Key = "api.rate_limit";
    private const string Secret = "webhookSigningSecret";

    public static IReadOnlyList<CrashScenario> All { get; } =
    [
        new(ConfigWorkflow.Open, async site =>
        {
            var tenant = await site.TenantAsync();
            var former = await ValueAsync(site, tenant);
            return new(Set(tenant, Key, "500"), async () =>
            {
                (await ValueAsync(site, tenant)).ShouldBe("500");
                (await OwnAsync(site, tenant)).ShouldBe("500");
                (await ChangesAsync(site, tenant)).ShouldBe(1);
            })
            {
                UndoneAsync = async () =>
                {
                    (await ValueAsync(site, tenant)).ShouldBe(former);
                    (await OwnAsync(site, tenant)).ShouldBeNull();
                },
            };
        })
        { Name = "config" },
        new(ConfigWorkflow.Sealed, async site =>
        {
            var tenant = await site.TenantAsync();
            var former = await SealedAsync(site, tenant);
            return new(Set(tenant, Secret, "\"a secret of the tenant\"") with { IsEncrypted = true }, async () =>
            {
                (await SealedAsync(site, tenant)).ShouldNotBe(former);
                (await site.ScalarAsync<bool>("select own and is_sealed from tenant_settings where tenant_id = @Value and key = @Secret", new { tenant.Value, Secret })).ShouldBeTrue();
                (await ChangesAsync(site, tenant)).ShouldBe(1);
            })
            {
                UndoneAsync = async () => (await SealedAsync(site, tenant)).ShouldBe(former),
            };
        })
        { Name = "config-sealed" },
        new(ConfigWorkflow.Reset, async site =>
        {
            var tenant = await site.TenantAsync();
            var former = await ValueAsync(site, tenant);
            await site.DoneAsync(Set(tenant, Key, "500"));
            return new(new SetConfig { TenantId = tenant, ConfigKey = Key, Remove = true }, async () =>
            {
                (await ValueAsync(site, tenant)).ShouldBe(former);
                (await OwnAsync(site, tenant)).ShouldBeNull();
                (await ChangesAsync(site, tenant)).ShouldBe(2);
            })
            {
                UndoneAsync = async () =>
                {
                    (await ValueAsync(site, tenant)).ShouldBe("500");
                    (await OwnAsync(site, tenant)).ShouldBe("500");
                },
            };
        })
        { Name = "config-reset" },
    ];

    private static SetConfig Set(TenantId tenant, string key, string json) => new() { TenantId = tenant, ConfigKey = key, ConfigValue = JsonElement.Parse(json) };

    private static Task<string?> ValueAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select value::text from tenant_settings where tenant_id = @Value and key = @Key", new { tenant.Value, Key });

    private static Task<string?> OwnAsync(CrashSite site, TenantId tenant) => site.ScalarAsync<string>("select settings ->> @Key from tenants where id = @Value", new { tenant.Value, Key });

    private static Task<string?> SealedAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<string>("select encode(sealed, 'hex') from tenant_settings where tenant_id = @Value and key = @Secret", new { tenant.Value, Secret });

    private static Task<long> ChangesAsync(CrashSite site, TenantId tenant) =>
        site.ScalarAsync<long>("select count(*) from audit where tenant_id = @Value and action = 'tenant.change'", new { tenant.Value });
}
