using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tests.Support;
using Saga.Workers.Database;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Database;

public sealed class When_a_hundred_tenants_are_made_at_once
{
    [Fact]
    public async Task Should_create_and_remove_them_all_without_interference()
    {
        await using var world = await DatabaseWorld.CreateAsync();
        IsolationTier[] tiers = [IsolationTier.Row, IsolationTier.Schema, IsolationTier.Row, IsolationTier.Schema, IsolationTier.Database];
        var tenants = new List<SeededTenant>();
        for (var i = 0; i < 100; i++)
            tenants.Add(await world.TenantAsync(tiers[i % tiers.Length]));
        // The concurrency of a host's workers.
        var limit = new ParallelOptions { MaxDegreeOfParallelism = 32 };

        await Parallel.ForEachAsync(tenants, limit, async (tenant, cancellationToken) =>
        {
            foreach (var step in (string[])[StepNames.Reserve, StepNames.Database, StepNames.Migrate])
                await PatientlyAsync(() => world.ExecuteAsync(tenant, step));
            await PatientlyAsync(async () => await world.Get<DatabaseVerification>().VerifyAsync(await tenant.BeginAsync(StepNames.Verify), cancellationToken));
        });
        await Parallel.ForEachAsync(tenants, limit, async (tenant, _) =>
        {
            var placement = (await tenant.ReadAsync()).Placement!;
            foreach (var step in (string[])[StepNames.Migrate, StepNames.Database, StepNames.Reserve])
                await PatientlyAsync(() => world.CompensateAsync(tenant, step));
            (await world.LeftoversAsync(tenant.Id, placement)).ShouldBeEmpty();
        });
    }

    // Only failures caused by a slow machine are retried. The number of tenants must cause no other failures.
    private static async Task PatientlyAsync(Func<Task> attempt)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await attempt();
                return;
            }
            catch (StepFailureException e) when (e.Failure.Code == "postgresql-busy" && tries < 5)
            {
            }
            catch (TimeoutException e) when (e.Message.Contains("connections that this process may have", StringComparison.Ordinal) && tries < 5)
            {
            }
        }
    }
}
