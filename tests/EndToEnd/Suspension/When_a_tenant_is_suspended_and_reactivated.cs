using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Suspension;

/// <summary>On the real servers, in every tier.</summary>
[Collection(Alone.Name)]
[InTurn(1, of: 3)]
public sealed class When_a_tenant_is_suspended_and_reactivated
{
    [Fact]
    public async Task Should_close_everything_and_open_it_exactly_as_it_was_in_every_tier()
    {
        await using var site = await SuspensionSite.StartAsync();
        var tenants = await site.ActiveAsync(3, "basic", "premium", "enterprise");
        var before = new Dictionary<TenantId, AccessFacts>();
        foreach (var tenant in tenants)
        {
            before[tenant] = await AccessFacts.ReadAsync(site.Site, tenant);
            before[tenant].IsOpen.ShouldBeTrue(before[tenant].ToString());
        }

        await Task.WhenAll(tenants.Select(async tenant => await site.EndAsync(await site.SuspendAsync(tenant), OperationState.Completed)));

        foreach (var tenant in tenants)
        {
            var closed = await AccessFacts.ReadAsync(site.Site, tenant);
            closed.IsClosed.ShouldBeTrue(closed.ToString());
        }

        await Task.WhenAll(tenants.Select(async tenant => await site.EndAsync(await site.ReactivateAsync(tenant), OperationState.Completed)));

        foreach (var tenant in tenants)
            (await AccessFacts.ReadAsync(site.Site, tenant)).ShouldBe(before[tenant]);
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from reactivations) + (select count(*) from place_modes)")).ShouldBe(0);
        (await site.ScalarAsync<long>("select count(*) from audit where action in ('hold.set', 'hold.lift')")).ShouldBe(6);
        await ExternalState.CompareAsync(site.Site);
    }

    [Fact]
    public async Task Should_stall_and_stay_closed_when_a_closing_step_fails_for_good()
    {
        await using var site = await SuspensionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step == StepNames.DisableCache)
                    throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
            },
        });
        var tenant = (await site.ActiveAsync(1, "basic"))[0];

        await site.EndAsync(await site.SuspendAsync(tenant), OperationState.Stalled);

        (await site.ScalarAsync<string>("select effect from holds")).ShouldBe("closed");
        var facts = await AccessFacts.ReadAsync(site.Site, tenant);
        facts.Place.ShouldStartWith("closed");
        facts.Login.ShouldStartWith("f ");
        facts.Organization.ShouldContain("\"Enabled\":false");
    }

    [Fact]
    public async Task Should_close_a_tenant_whose_provisioning_goes_on_under_the_hold()
    {
        var (verifying, goes) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var site = await SuspensionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (context.Step != StepNames.Verify)
                    return;
                verifying.TrySetResult();
                goes.Task.Wait();
            },
        });
        var provisioning = await site.Site.SubmitAsync(Site.NewCommand("premium"));
        await verifying.Task.WaitAsync(WaitLimit.Seconds(120));

        var suspension = await site.SuspendAsync(provisioning.TenantId!.Value);
        (await site.ScalarAsync<string>("select effect from holds")).ShouldBe("closed");
        (await site.ScalarAsync<string>("select slot from operations where id = @suspension", new { suspension })).ShouldBe("waiting");
        goes.SetResult();

        await site.EndAsync(provisioning.OperationId, OperationState.Completed);
        await site.EndAsync(suspension, OperationState.Completed);
        var facts = await AccessFacts.ReadAsync(site.Site, provisioning.TenantId.Value);
        facts.IsClosed.ShouldBeTrue(facts.ToString());
        await site.EndAsync(await site.ReactivateAsync(provisioning.TenantId.Value), OperationState.Completed);
        await ExternalState.CompareAsync(site.Site);
    }

    [Fact]
    public async Task Should_stay_closed_when_another_suspension_meets_the_reactivation()
    {
        var (verifying, goes) = (new TaskCompletionSource(), new TaskCompletionSource());
        var armed = false;
        await using var site = await SuspensionSite.StartAsync(new StepFaults
        {
            Before = (context, _) =>
            {
                if (!Volatile.Read(ref armed) || context.Step != StepNames.Verify)
                    return;
                verifying.TrySetResult();
                goes.Task.Wait();
            },
        });
        var tenant = (await site.ActiveAsync(1, "basic"))[0];
        await site.EndAsync(await site.SuspendAsync(tenant, "nonPayment"), OperationState.Completed);
        Volatile.Write(ref armed, true);
        var reactivation = await site.ReactivateAsync(tenant);
        await verifying.Task.WaitAsync(WaitLimit.Seconds(120));

        var suspension = await site.SuspendAsync(tenant, "abuse");
        goes.SetResult();

        await site.EndAsync(reactivation, OperationState.Cancelled);
        await site.EndAsync(suspension, OperationState.Completed);
        (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
        (await site.ScalarAsync<string>("select string_agg(code, ' ' order by code) from holds")).ShouldBe("abuse nonPayment");
    }
}
