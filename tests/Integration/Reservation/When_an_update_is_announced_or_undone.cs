using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers;
using Saga.Workers.Reservation;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Reservation;

public sealed class When_an_update_is_announced_or_undone : IAsyncLifetime
{
    private const string Everything =
        """
        {"name":"Bolt","description":"Makes anvils.","adminEmail":"bob@acme.com","phone":"+493012345678","domain":"bolt.com","subdomain":"bolt","timezone":"Europe/Berlin","region":null,
         "features":{"biometric_auth":false},"settings":{"file_upload.max_size":7},"pool":{"maximum":3},"readReplica":true,"autoUpdate":false,"maintenanceWindow":{"days":["sunday"],"start":"02:00","durationMinutes":90}}
        """;

    private NpgsqlDataSource registry = null!;
    private WorkerHost host = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        host = new WorkerHost(registry, (s, c) => s.AddResource<ReservationModule>(c), ("Saga:Databases:Servers:main:ConnectionString", "Host=nowhere.invalid;Username=x"));
        tenant = await Seed.TenantAsync(registry, "acme", domain: "acme.com", region: "eu", status: TenantStatus.Active);
        await registry.ExecuteAsync("insert into tenant_domains (tenant_id, domain, token, state, proved_at) select id, domain, 'x', 'proved', now() from tenants");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await registry.DisposeAsync();
    }

    [Fact]
    public async Task Should_restore_every_value()
    {
        var before = await Updates.FactsAsync(registry, tenant.Id);
        await Updates.BeginAsync(tenant, Everything);
        (await registry.ScalarAsync<string>("select string_agg(key, ' ' order by key) from tenant_changes, jsonb_object_keys(after) key"))
            .ShouldBe("adminEmail autoUpdate description domain features maintenanceWindow name phone pool readReplica region settings subdomain timezone");
        var version = (await tenant.ReadAsync()).Version;
        await ExecuteAsync(StepNames.Update);

        await CompensateAsync(StepNames.Update);
        await CompensateAsync(StepNames.Update);

        (await Updates.FactsAsync(registry, tenant.Id)).ShouldBe(before);
        (await tenant.ReadAsync()).Version.ShouldBe(version + 1, "who has read the values of the update must not overwrite the former ones");
    }

    [Fact]
    public async Task Should_restore_what_was_never_executed()
    {
        var before = await Updates.FactsAsync(registry, tenant.Id);
        await Updates.BeginAsync(tenant, Everything);

        await CompensateAsync(StepNames.Update);

        (await Updates.FactsAsync(registry, tenant.Id)).ShouldBe(before);
    }

    [Fact]
    public async Task Should_keep_a_new_domain_that_was_proved_meanwhile_and_not_bring_back_one_that_was_lost()
    {
        await Updates.BeginAsync(tenant, """{"domain":"bolt.com"}""");
        await registry.ExecuteAsync("update tenant_domains set state = 'proved', proved_at = now() where domain = 'bolt.com'; delete from tenant_domains where domain = 'acme.com'");

        await CompensateAsync(StepNames.Update);

        (await tenant.ReadAsync()).Domain.ShouldBeNull();
        (await registry.ScalarAsync<string>("select string_agg(domain || ' ' || state, ', ') from tenant_domains")).ShouldBe("bolt.com proved");
    }

    [Fact]
    public async Task Should_keep_an_older_claim_when_it_is_undone()
    {
        await registry.ExecuteAsync("insert into tenant_domains (tenant_id, domain, token, state) select id, 'bolt.com', 'mine', 'pending' from tenants");
        await Updates.BeginAsync(tenant, """{"domain":"bolt.com"}""");

        await CompensateAsync(StepNames.Update);

        (await registry.ScalarAsync<string>("select token from tenant_domains where domain = 'bolt.com'")).ShouldBe("mine");
    }

    [Fact]
    public async Task Should_announce_it_once_and_let_the_former_domain_go()
    {
        await Updates.BeginAsync(tenant, """{"domain":"bolt.com","phone":"+493012345678"}""");
        (await registry.ScalarAsync<string>("select name from runtime_v1.hosts where kind = 'domain'")).ShouldBe("acme.com", "it is routed until the update is announced");
        await CompensateAsync(StepNames.AnnounceUpdate);

        await ExecuteAsync(StepNames.AnnounceUpdate);
        await ExecuteAsync(StepNames.AnnounceUpdate);

        (await registry.ScalarAsync<string>("select body from outbox where message_type = 'Saga.Contracts.Events.TenantUpdated'"))!.ShouldContain("\"fields\":[\"domain\",\"phone\"]");
        (await registry.ScalarAsync<string>("select concat_ws(' ', action, origin, before, after, detail) from audit")).ShouldBe(
            """tenant.change system {"domain": "acme.com"} {"domain": "bolt.com"} {"fields": ["domain", "phone"]}""", "a person's number is not kept");
        (await registry.ScalarAsync<long>("select count(*) from runtime_v1.hosts where kind = 'domain'")).ShouldBe(0, "the new one is not proved");
        (await registry.ScalarAsync<string>("select string_agg(domain, ' ') from tenant_domains")).ShouldBe("bolt.com");
        (await Should.ThrowAsync<StepFailureException>(() => CompensateAsync(StepNames.AnnounceUpdate))).Failure.Code.ShouldBe("update-announced");
    }

    [Fact]
    public async Task Should_write_nothing_when_the_lease_is_lost()
    {
        await Updates.BeginAsync(tenant, Everything);
        var before = await Updates.FactsAsync(registry, tenant.Id);
        foreach (var name in (string[])[StepNames.Update, StepNames.AnnounceUpdate])
        {
            var stale = await tenant.BeginAsync(name);
            await tenant.BeginAsync(name);

            await Should.ThrowAsync<LeaseLostException>(() => host.Step(name).ExecuteAsync(stale, default));
            await Should.ThrowAsync<LeaseLostException>(() => host.Step(name).CompensateAsync(stale, default));
        }

        (await Updates.FactsAsync(registry, tenant.Id)).ShouldBe(before);
        (await registry.ScalarAsync<long>("select count(*) from outbox")).ShouldBe(0);
    }

    private async Task ExecuteAsync(string step) => await host.Step(step).ExecuteAsync(await tenant.BeginAsync(step), CancellationToken.None);

    private async Task CompensateAsync(string step) => await host.Step(step).CompensateAsync(await tenant.BeginAsync(step), CancellationToken.None);
}
