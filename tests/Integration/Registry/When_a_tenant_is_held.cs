using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Registry.Holds;
using Saga.Registry.Tenants;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_a_tenant_is_held
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_stay_closed_until_the_last_closing_hold_is_lifted()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        var holds = new HoldStore(registry);
        (await holds.SetAsync(tenant.Id, HoldCode.NonPayment, HoldEffect.Closed, "rules", "An invoice is overdue.", Cancellation)).ShouldBeTrue();
        (await holds.SetAsync(tenant.Id, HoldCode.Abuse, HoldEffect.Closed, "ada", "It sends spam.", Cancellation)).ShouldBeTrue();

        (await holds.LiftAsync(tenant.Id, HoldCode.NonPayment, "rules", "It was paid.", Cancellation)).ShouldBeTrue();

        (await tenant.ReadAsync()).ShownStatus.ShouldBe(TenantStatus.Suspended);
        (await holds.ListAsync(tenant.Id, Cancellation)).Select(h => (h.Code, h.Effect, h.Actor, h.Reason)).ShouldBe([(HoldCode.Abuse, HoldEffect.Closed, "ada", "It sends spam.")]);
        (await holds.LiftAsync(tenant.Id, HoldCode.Abuse, "ada", "A mistake.", Cancellation)).ShouldBeTrue();
        (await tenant.ReadAsync()).ShownStatus.ShouldBe(TenantStatus.Active);
        (await registry.ScalarAsync<string>("select string_agg(actor || ' ' || action || ' ' || (detail->>'code'), ', ' order by id) from audit")).ShouldBe(
            "rules hold.set nonPayment, ada hold.set abuse, rules hold.lift nonPayment, ada hold.lift abuse");
    }

    [Fact]
    public async Task Should_audit_what_it_was_and_what_it_became()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        var holds = new HoldStore(registry);
        await holds.SetAsync(tenant.Id, HoldCode.Abuse, HoldEffect.ReadOnly, "ada", "Spam.", Cancellation);
        await holds.SetAsync(tenant.Id, HoldCode.Abuse, HoldEffect.Closed, "ada", "More.", Cancellation);
        await holds.LiftAsync(tenant.Id, HoldCode.Abuse, "ada", "Over.", Cancellation);

        (await registry.ScalarAsync<string>("select string_agg(concat_ws(' ', coalesce(before ->> 'effect', '-'), coalesce(after ->> 'effect', '-'), reason, outcome, origin), ', ' order by id) from audit"))
            .ShouldBe("- readOnly Spam. allowed system, readOnly closed More. allowed system, closed - Over. allowed system");
    }

    [Fact]
    public async Task Should_change_nothing_the_second_time()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        var holds = new HoldStore(registry);
        await holds.SetAsync(tenant.Id, HoldCode.Maintenance, HoldEffect.ReadOnly, "ada", "A new index.", Cancellation);

        (await holds.SetAsync(tenant.Id, HoldCode.Maintenance, HoldEffect.ReadOnly, "bob", "A new index.", Cancellation)).ShouldBeFalse();
        (await holds.LiftAsync(tenant.Id, HoldCode.Abuse, "ada", "None.", Cancellation)).ShouldBeFalse();
        (await holds.SetAsync(new TenantId(Guid.CreateVersion7()), HoldCode.Abuse, HoldEffect.Closed, "ada", "Nobody.", Cancellation)).ShouldBeFalse();

        (await registry.ScalarAsync<long>("select count(*) from audit")).ShouldBe(1);
    }

    [Theory]
    [InlineData(HoldEffect.Closed, TenantStatus.Suspended)]
    [InlineData(HoldEffect.NoGrowth, TenantStatus.Active)]
    [InlineData(HoldEffect.ReadOnly, TenantStatus.Active)]
    [InlineData(HoldEffect.Away, TenantStatus.Active)]
    public async Task Should_be_shown_and_found_as_suspended_when_it_is_closed(HoldEffect effect, TenantStatus shown)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        await Seed.TenantAsync(registry, "bolt", status: TenantStatus.Provisioning);

        await new HoldStore(registry).SetAsync(tenant.Id, HoldCode.Request, effect, "ada", "On request.", Cancellation);

        (await registry.ScalarAsync<string>("select status from runtime_v1.tenants where slug = 'acme'")).ShouldBe(shown.ToString().ToLowerInvariant(), "runtimes also see it");
        foreach (var status in (TenantStatus[])[TenantStatus.Active, TenantStatus.Suspended])
        {
            var found = await new TenantListing(registry).ListAsync(new TenantFilter { Statuses = [status] }, "slug", null, 10, Cancellation);
            found.Items.Select(t => t.Slug.ToString()).ShouldBe(status == shown ? ["acme"] : []);
            found.Items.ShouldAllBe(t => t.ShownStatus == shown && t.Status == TenantStatus.Active);
        }
    }

    [Fact]
    public async Task Should_be_closed_by_an_effect_that_this_version_does_not_know()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        await registry.ExecuteAsync(
            """
            alter table holds drop constraint holds_effect_check, drop constraint holds_code_check;
            insert into holds (tenant_id, code, effect, actor, reason) values (@Value, 'of-tomorrow', 'half-closed', 'newer', 'Newer.')
            """, new { tenant.Id.Value });

        (await tenant.ReadAsync()).Closed.ShouldBeTrue();
        var hold = (await new HoldStore(registry).ListAsync(tenant.Id, Cancellation)).ShouldHaveSingleItem();
        (hold.Code, hold.Effect).ShouldBe((HoldCode.Other, HoldEffect.Closed));
    }

    [Fact]
    public async Task Should_be_read_with_its_holds()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        var holds = new HoldStore(registry);
        (await tenant.ReadAsync()).Holds.ShouldBeEmpty();
        await holds.SetAsync(tenant.Id, HoldCode.NonPayment, HoldEffect.NoGrowth, "rules", "An invoice is \"overdue\".", Cancellation);
        await holds.SetAsync(tenant.Id, HoldCode.Abuse, HoldEffect.ReadOnly, "ada", "It sends spam.", Cancellation);

        var read = await tenant.ReadAsync();

        read.Holds.Select(h => (h.Code, h.Effect, h.Actor, h.Reason)).ShouldBe(
            [(HoldCode.NonPayment, HoldEffect.NoGrowth, "rules", "An invoice is \"overdue\"."), (HoldCode.Abuse, HoldEffect.ReadOnly, "ada", "It sends spam.")]);
        read.Holds.ShouldBe(await holds.ListAsync(tenant.Id, Cancellation));
        (read.Closed, read.ShownStatus).ShouldBe((false, TenantStatus.Active));
        await holds.SetAsync(tenant.Id, HoldCode.Abuse, HoldEffect.Closed, "ada", "It still sends spam.", Cancellation);
        (await tenant.ReadAsync()).Closed.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_wake_those_who_keep_tenants_in_memory()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var tenant = await Seed.TenantAsync(registry, "acme", status: TenantStatus.Active);
        await using var listener = await registry.OpenConnectionAsync(Cancellation);
        var heard = new List<string>();
        listener.Notification += (_, e) => heard.Add(e.Payload);
        await using (var listen = new NpgsqlCommand("listen saga_tenants", listener))
            await listen.ExecuteNonQueryAsync(Cancellation);

        await new HoldStore(registry).SetAsync(tenant.Id, HoldCode.Request, HoldEffect.Closed, "ada", "On request.", Cancellation);

        (await listener.WaitAsync(WaitLimit.Seconds(10), Cancellation)).ShouldBeTrue();
        heard.ShouldBe([tenant.Id.ToString()]);
    }
}
