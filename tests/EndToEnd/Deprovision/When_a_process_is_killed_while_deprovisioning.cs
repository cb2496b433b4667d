using Saga.Contracts.Identifiers;
using Saga.Engine.Operations;
using Saga.Lifecycle.Deprovision;
using Saga.Tests.EndToEnd.Crashes;
using Saga.Tests.Support;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Deprovision;

/// <summary>
/// A process is killed (SIGKILL) at a boundary of a deprovisioning without a grace period, and a new process finishes it. The boundaries are
/// generated from the workflows. By default a sample of them is covered; <c>SAGA_CRASH_ALL=1</c> covers all.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_process_is_killed_while_deprovisioning
{
    // There always are these many: starts, first results, and the end of the closing.
    private const int Commits = 4;

    [Fact]
    [InTurn(4, of: 6)]
    public async Task Should_leave_nothing_and_one_certificate()
    {
        var points = Points().Sample(4);
        await using var site = await DeprovisionSite.StartAsync();
        var tenants = await site.ActiveAsync(points.Count, "basic");
        await ExternalState.DrainedAsync(site.Site);
        await site.StopAsync();
        for (var i = 0; i < points.Count; i++)
        {
            var tenant = tenants[i];
            using (var process = new CrashingProcess(new CrashOrders { Settings = site.Site.Settings, At = points[i], Deprovision = await site.CommandAsync(tenant, grace: false, $"delete-{tenant}") }))
                (await process.DiedAsync(() => IsDoneAsync(site, tenant))).ShouldBeTrue($"{points[i]} was never reached");

            await site.RunAsync();
            // The sender does not know the outcome, so it sends the command again. By then the tenant may be gone; the key still tells.
            await site.EndAsync(await site.DeprovisionAsync(tenant, grace: false, $"delete-{tenant}"), OperationState.Completed);
            await site.RemovedAsync(tenant, OperationState.Completed);
            await ExternalState.DrainedAsync(site.Site);
            await site.StopAsync();
        }

        await ExternalState.CompareAsync(site.Site);
        (await site.ScalarAsync<long>("select count(*) from deletion_certificates")).ShouldBe(points.Count);
        // Whatever an attempt removed before it died is in the certificate.
        (await site.IncompleteCertificatesAsync()).ShouldBe(0);
        (await site.ScalarAsync<long>("select count(*) from tenants where status = 'deprovisioned'")).ShouldBe(points.Count);
        (await site.ScalarAsync<long>("select (select count(*) from holds) + (select count(*) from deprovisionings) + (select count(*) from operation_scopes)")).ShouldBe(0);
    }

    // And the commit of the scheduled removal's intake. A runner that dies before it keeps the removal back for a minute, which other tests wait for.
    private static IEnumerable<CrashPoint> Points() =>
    [
        .. Boundaries.Of(DeprovisionWorkflow.Closing, commits: Commits), .. Boundaries.Steps(RemoveWorkflow.Removal), new("Saga.Registry", "saga.intake.commit", "", false, 2, true),
    ];

    private static Task<bool> IsDoneAsync(DeprovisionSite site, TenantId tenant) => site.ScalarAsync<bool>(
        "select not exists (select from outbox) and exists (select from operations where tenant_id = @Value and kind = 'remove' and finished_at is not null)", new { tenant.Value });
}
