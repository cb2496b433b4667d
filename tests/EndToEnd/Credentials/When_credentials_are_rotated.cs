using System.Collections.Concurrent;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Rotate;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Credentials;

/// <summary>On the real servers. The steps that fail are taken from the workflow.</summary>
[Collection(Alone.Name)]
public sealed class When_credentials_are_rotated
{
    private static readonly string[] Steps = [.. RotateWorkflow.Logins.Steps.Where(s => s.Wait is null).Select(s => s.Name)];

    [Fact]
    public async Task Should_fail_no_request_in_any_tier_and_leave_one_login_that_passes_verification()
    {
        await using var site = await RotationSite.StartAsync();
        var tenants = await site.At.ActiveAsync(3, "basic", "premium", "enterprise");
        var (failures, seen, stop) = (new ConcurrentQueue<Exception>(), new ConcurrentDictionary<TenantId, ConcurrentQueue<string>>(), false);
        var requests = tenants.Select(tenant => Task.Run(async () =>
        {
            var logins = seen.GetOrAdd(tenant, _ => new());
            while (!Volatile.Read(ref stop))
            {
                try
                {
                    logins.Enqueue(await site.RequestAsync(tenant));
                }
                catch (Exception error)
                {
                    failures.Enqueue(error);
                }
            }
        })).ToArray();
        await Until.TrueAsync(() => Task.FromResult(tenants.All(t => seen.TryGetValue(t, out var logins) && logins.Count > 3)), "requests have begun");

        foreach (var operation in await Task.WhenAll(tenants.Select(t => site.RotateAsync(t))))
            await site.At.EndAsync(operation, OperationState.Completed);

        await Until.TrueAsync(() => Task.FromResult(tenants.All(t => seen[t].Last() == $"t_{t.Compact}_b")), "every product service has changed over");
        Volatile.Write(ref stop, true);
        await Task.WhenAll(requests);
        failures.ShouldBeEmpty();
        foreach (var operation in await Task.WhenAll(tenants.Select(site.VerifyAsync)))
        {
            await site.At.EndAsync(operation, OperationState.Completed);
            (await site.At.ScalarAsync<bool>("select (output ->> 'passed')::bool from operation_steps where operation_id = @operation", new { operation })).ShouldBeTrue();
        }

        (await site.At.ScalarAsync<long>("select count(*) from tenant_credentials where purpose not in ('database', 'cache')")).ShouldBe(0);
        await ExternalState.CompareAsync(site.At.Site);
    }

    [Fact]
    [InTurn(4, of: 6)]
    public async Task Should_get_there_or_be_undone_exactly_when_steps_fail()
    {
        var wrong = new Dictionary<TenantId, (string Step, Fault Fault)>();
        await using var site = await RotationSite.StartAsync(
            new StepFaults { Before = (context, call) => Fail(context, call, after: false), After = (context, call) => Fail(context, call, after: true) }, drainSeconds: 0);
        (string Step, Fault Fault)[] cases =
        [
            .. Steps.SelectMany(s => new[] { (s, Fault.Transient), (s, Fault.AnswerLost) }),
            (StepNames.AddLogin, Fault.Permanent), (StepNames.AddCacheUser, Fault.Permanent),
        ];
        var tenants = await site.At.ActiveAsync(cases.Length, "basic");
        var before = await Task.WhenAll(tenants.Select(t => AccessFacts.ReadAsync(site.At.Site, t)));
        lock (wrong)
        {
            for (var i = 0; i < cases.Length; i++)
                wrong[tenants[i]] = cases[i];
        }

        var operations = await Task.WhenAll(tenants.Select(t => site.RotateAsync(t)));

        for (var i = 0; i < cases.Length; i++)
        {
            var undone = cases[i].Fault == Fault.Permanent;
            await site.At.EndAsync(operations[i], undone ? OperationState.Compensated : OperationState.Completed);
            var after = await AccessFacts.ReadAsync(site.At.Site, tenants[i]);
            if (undone)
                after.ShouldBe(before[i], cases[i].ToString());
            after.IsOpen.ShouldBeTrue(cases[i].ToString());
            (await site.RequestAsync(tenants[i])).ShouldBe($"t_{tenants[i].Compact}{(undone ? "" : "_b")}");
        }

        (await site.At.ScalarAsync<long>("select count(*) from credential_rotations")).ShouldBe(2 * Steps.Length);
        await ExternalState.CompareAsync(site.At.Site);

        void Fail(StepContext context, int call, bool after)
        {
            lock (wrong)
            {
                if (!wrong.TryGetValue(context.TenantId, out var at) || at.Step != context.Step || after != at.Fault is not Fault.Transient || (call > 2 && at.Fault != Fault.Permanent))
                    return;
                throw at.Fault switch
                {
                    Fault.Transient => StepFailureException.Transient("told-to-fail", "The test wants it so."),
                    Fault.AnswerLost => new TimeoutException("The answer is lost."),
                    _ => StepFailureException.Permanent("told-to-fail", "The test wants it so."),
                };
            }
        }
    }

    private enum Fault
    {
        Transient,

        /// <summary>It took effect.</summary>
        AnswerLost,

        /// <summary>It took effect and fails all the same.</summary>
        Permanent,
    }
}
