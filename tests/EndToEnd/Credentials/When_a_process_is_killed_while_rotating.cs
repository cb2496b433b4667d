using Saga.Engine.Operations;
using Saga.Lifecycle.Rotate;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Credentials;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a rotation, and a new process finishes it. The boundaries are generated from the workflow. By
/// default a sample of them is covered; <c>SAGA_CRASH_ALL=1</c> covers all.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_while_rotating
{
    // Parallel results may share a transaction. These many commits there always are: the start, the results before the pivot, and its own.
    private const int Commits = 3;

    [Fact]
    [InTurn(5, of: 6)]
    public async Task Should_have_one_login_that_works()
    {
        var points = Boundaries.Of(RotateWorkflow.Logins, commits: Commits).Sample(3);
        await using var site = await RotationSite.StartAsync(drainSeconds: 0);
        var tenants = await site.At.ActiveAsync(points.Count, "basic");
        await ExternalState.DrainedAsync(site.At.Site);
        await site.At.StopAsync();
        for (var i = 0; i < points.Count; i++)
        {
            var tenant = tenants[i];
            using (var process = new CrashingProcess(new CrashOrders { Settings = site.At.Site.Settings, At = points[i], Rotate = RotationSite.Rotation(tenant, $"rotate-{tenant}") }))
            {
                (await process.DiedAsync(() => site.At.ScalarAsync<bool>(
                    "select not exists (select from outbox) and exists (select from operations where tenant_id = @Value and kind = @Kind and finished_at is not null)",
                    new { tenant.Value, RotateWorkflow.Kind }))).ShouldBeTrue($"{points[i]} was never reached");
            }

            await site.At.RunAsync();
            // The sender does not know the outcome, so it sends the command again.
            await site.At.EndAsync(await site.RotateAsync(tenant, $"rotate-{tenant}"), OperationState.Completed);
            await ExternalState.DrainedAsync(site.At.Site);
            await site.At.StopAsync();
            (await site.RequestAsync(tenant)).ShouldBe($"t_{tenant.Compact}_b", points[i].ToString());
        }

        (await site.At.ScalarAsync<long>("select count(*) from credential_rotations")).ShouldBe(points.Count);
        (await site.At.ScalarAsync<long>("select count(*) from tenant_credentials where purpose not in ('database', 'cache')")).ShouldBe(0);
        (await site.At.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
        await ExternalState.CompareAsync(site.At.Site);
    }
}
