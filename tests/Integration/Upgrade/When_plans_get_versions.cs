using Npgsql;
using Saga.Registry.Plans;
using Saga.Registry.Schema;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Upgrade;

public sealed class When_plans_get_versions
{
    [Fact]
    public async Task Should_keep_the_former_definition_for_its_tenants_and_ship_the_new_one_beside_it()
    {
        await using var registry = await StoredRegistry.LoadAsync("3b48fc0");
        var used = (await registry.ScalarAsync<string>("select string_agg(distinct plan, ' ' order by plan) from tenants"))!.Split(' ');
        used.ShouldNotBeEmpty();

        await new RegistryMigrator(registry).MigrateAsync(TestContext.Current.CancellationToken);

        var plans = new PlanStore(registry);
        foreach (var plan in await plans.ListAsync(TestContext.Current.CancellationToken))
        {
            plan.Version.ShouldBe(used.Contains(plan.Name) ? 2 : 1, plan.Name);
            plan.Features.Keys.ShouldContain("biometric_auth");
        }

        foreach (var name in used)
        {
            var former = (await plans.FindAsync(name, 1, TestContext.Current.CancellationToken)).ShouldNotBeNull();
            former.Features.Keys.ShouldBe(["sso", "auditExport", "customDomain"], ignoreOrder: true);
            (former.Limits.RequestsPerDay, former.Limits.RequestsPerMinute > 0, former.Limits.StorageGib > 0).ShouldBe((null, true, true));
        }

        var tenants = await new TenantListing(registry).ListAsync(new TenantFilter(), "slug", null, 100, TestContext.Current.CancellationToken);
        tenants.Items.ShouldAllBe(t => t.PlanVersion == 1);
        (await registry.ScalarAsync<long>("select count(*) from runtime_v1.limits")).ShouldBe(await registry.ScalarAsync<long>("select count(*) from runtime_v1.tenants"));
    }

    [Fact]
    public async Task Should_keep_what_an_operator_changed_or_added()
    {
        await using var registry = await StoredRegistry.LoadAsync("3b48fc0");
        await registry.ExecuteAsync(
            """
            update plans set definition = jsonb_set(definition, '{limits,storageMegabytes}', '5121') where name = 'basic';
            insert into plans (name, definition) select 'gold', jsonb_set(definition, '{name}', '"gold"') from plans where name = 'premium';
            """);

        await new RegistryMigrator(registry).MigrateAsync(TestContext.Current.CancellationToken);

        var plans = (await new PlanStore(registry).ListAsync(TestContext.Current.CancellationToken)).ToDictionary(p => p.Name);
        (plans["basic"].Version, plans["basic"].Limits.StorageGib, plans["gold"].Version, plans["gold"].Limits.StorageGib).ShouldBe((1, 6, 1, 100));
        plans["gold"].Features.Keys.ShouldContain("sso");
    }

    [Fact]
    public async Task Should_let_the_version_before_add_tenants_and_read_plans()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();

        // Its statement, unchanged.
        await registry.ExecuteAsync(
            """
            insert into tenants (id, slug, name, plan, tier, status, domain, subdomain, region, timezone, admin_email, features, settings, created_at, updated_at)
            values (gen_random_uuid(), 'acme', 'Acme', 'basic', 'row', 'provisioning', null, 'acme', null, 'UTC', 'ada@acme.com', '{}', '{}', now(), now())
            """);

        (await registry.ScalarAsync<int>("select plan_version from tenants")).ShouldBe(1);
        (await registry.ScalarAsync<string>("select definition #>> '{limits,storageMegabytes}' || ' ' || (definition #>> '{limits,requestsPerMinute}') from plans where name = 'basic'")).ShouldBe("10240 600");
    }
}
