using Saga.Tests.Support;
using System.Globalization;
using Dapper;
using Saga.Engine.Operations;
using Saga.Lifecycle.Intake;
using Saga.Tests.Support.World;
using Shouldly;
using Xunit;

namespace Saga.Tests.EndToEnd.Provisioning;

/// <summary>
/// More tenants at once than slots, in two processes whose budgets together are more than the tenants' server allows. The bench
/// <c>burst</c> measures the same with hundreds.
/// </summary>
[Collection(Alone.Name)]
public sealed class When_a_burst_meets_few_connections
{
    private const int Tenants = 40;
    private const int Slots = 6;

    [Fact]
    [InTurn(4, of: 6)]
    public async Task Should_complete_every_tenant_in_the_order_of_acceptance()
    {
        var few = await World.NewPostgresAsync("max_connections=14", "superuser_reserved_connections=3");
        await using var running = await RunningSite.StartAsync(
            configure: site =>
            {
                site.Settings["Saga:Admission:Slots"] = Slots.ToString(CultureInfo.InvariantCulture);
                site.Settings["Saga:Databases:MaxConnectionsPerServer"] = "8";
            },
            servers: new SiteServer("main", few.ConnectionString("postgres")));
        var second = await ProvisioningHost.StartAsync(running.Site.Configuration());
        try
        {
            var accepted = new List<CommandAccepted>();
            for (var i = 0; i < Tenants; i++)
                accepted.AddRange(await running.SubmitAsync(1, i));

            await running.EndAsync(accepted, OperationState.Completed, TimeSpan.FromMinutes(3));

            await using var connection = await running.Site.Registry.OpenConnectionAsync();
            (await connection.QueryAsync<string>("select event || ' ' || step || ' ' || (data::text) from operation_history where event in ('stepFailed', 'stepTimedOut', 'compensationStarted')"))
                .ShouldBeEmpty("too few connections cost nobody an attempt");
            var ids = accepted.Select(a => a.OperationId).ToArray();
            // A deferred step ends later than others, so an early tenant may end after later ones. But slots are given in the order of acceptance.
            var began = (await connection.QueryAsync<(Guid Id, DateTime At)>(
                "select operation_id, min(at) from operation_history where event = 'stepDispatched' and operation_id = any(@ids) group by operation_id", new { ids }))
                .ToDictionary(row => row.Id, row => row.At);
            for (var i = 0; i + (2 * Slots) < Tenants; i++)
                began[ids[i]].ShouldBeLessThan(began[ids[i + (2 * Slots)]], $"tenant {i} began before one that was accepted much later");
        }
        finally
        {
            await ProvisioningHost.EndAsync(second);
        }
    }
}
