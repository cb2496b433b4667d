using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Reactivate;
using Saga.Lifecycle.Suspend;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Suspension;

/// <summary>On the real servers, in every tier. The steps that fail are taken from the workflows.</summary>
[Collection(Alone.Name)]
public sealed class When_a_tenant_is_suspended_and_reactivated
{
    private static readonly string[] Closing = [.. SuspendWorkflow.Closing.Steps.Select(s => s.Name)];
    private static readonly string[] Opening = [.. ReactivateWorkflow.Opening.Steps.Select(s => s.Name)];

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
    [InTurn(2, of: 6)]
    public async Task Should_get_there_when_each_step_fails_for_a_while_or_acts_and_loses_its_answer()
    {
        var wrong = new Dictionary<TenantId, (string Step, bool Late)>();
        await using var site = await SuspensionSite.StartAsync(new StepFaults
        {
            Before = (context, call) => Fail(context, call, late: false),
            After = (context, call) => Fail(context, call, late: true),
        });
        (string Step, bool Late)[] cases = [.. Closing.Concat(Opening).Where(s => s != StepNames.Verify).SelectMany(s => new[] { (s, false), (s, true) })];
        var tenants = await site.ActiveAsync(cases.Length, "basic");
        var before = await Task.WhenAll(tenants.Select(t => AccessFacts.ReadAsync(site.Site, t)));
        lock (wrong)
        {
            for (var i = 0; i < cases.Length; i++)
                wrong[tenants[i]] = cases[i];
        }

        await Task.WhenAll(tenants.Select(async tenant => await site.EndAsync(await site.SuspendAsync(tenant), OperationState.Completed)));
        foreach (var tenant in tenants)
            (await AccessFacts.ReadAsync(site.Site, tenant)).IsClosed.ShouldBeTrue();
        await Task.WhenAll(tenants.Select(async tenant => await site.EndAsync(await site.ReactivateAsync(tenant), OperationState.Completed)));

        for (var i = 0; i < cases.Length; i++)
            (await AccessFacts.ReadAsync(site.Site, tenants[i])).ShouldBe(before[i], cases[i].ToString());
        // Deferrals of one step share a line.
        (await site.ScalarAsync<long>("select sum(coalesce((data->>'times')::int, 1)) from operation_history where event in ('stepFailed', 'stepDeferred')")).ShouldBeGreaterThanOrEqualTo(2 * cases.Length);

        void Fail(StepContext context, int call, bool late)
        {
            lock (wrong)
            {
                if (call > 2 || !wrong.TryGetValue(context.TenantId, out var at) || at != (context.Step, late))
                    return;
            }

            throw late ? new TimeoutException("The answer is lost.") : StepFailureException.Transient("told-to-fail", "The test wants it so.");
        }
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
    [InTurn(5, of: 6)]
    public async Task Should_close_again_what_a_reactivation_opened_before_it_failed()
    {
        var wrong = new Dictionary<TenantId, string>();
        await using var site = await SuspensionSite.StartAsync(new StepFaults
        {
            // After the step took effect.
            After = (context, _) =>
            {
                lock (wrong)
                {
                    if (wrong.TryGetValue(context.TenantId, out var step) && step == context.Step)
                        throw StepFailureException.Permanent("told-to-fail", "The test wants it so.");
                }
            },
        });
        string[] steps = [.. Opening.Where(s => s != StepNames.Reactivate)];
        var tenants = await site.ActiveAsync(steps.Length, "basic");
        await Task.WhenAll(tenants.Select(async tenant => await site.EndAsync(await site.SuspendAsync(tenant), OperationState.Completed)));
        var closed = await Task.WhenAll(tenants.Select(t => AccessFacts.ReadAsync(site.Site, t)));
        lock (wrong)
        {
            for (var i = 0; i < steps.Length; i++)
                wrong[tenants[i]] = steps[i];
        }

        await Task.WhenAll(tenants.Select(async tenant => await site.EndAsync(await site.ReactivateAsync(tenant), OperationState.Compensated)));

        for (var i = 0; i < steps.Length; i++)
            (await AccessFacts.ReadAsync(site.Site, tenants[i])).ShouldBe(closed[i], steps[i]);
        (await site.ScalarAsync<long>("select count(*) from holds")).ShouldBe(steps.Length);
        (await site.ScalarAsync<long>("select count(*) from reactivations")).ShouldBe(0);
        (await site.ScalarAsync<long>("select count(*) from audit where action = 'hold.lift'")).ShouldBe(0);
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
