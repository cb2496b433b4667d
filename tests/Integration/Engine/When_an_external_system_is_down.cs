using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Saga.Engine.Operations;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Engine;

public sealed class When_an_external_system_is_down
{
    [Fact]
    public async Task Should_defer_steps_at_no_cost_until_it_is_back()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var down = true;
        var step = new ScriptedStep("one")
        {
            System = "keycloak",
            OnExecute = (_, _) => Volatile.Read(ref down)
                ? throw StepFailureException.Outage("keycloak-unavailable", "Keycloak does not answer.", "keycloak")
                : Task.CompletedTask,
        };
        var other = new ScriptedStep("other");
        await using var host = await EngineHost.StartAsync(registry, null, [step, other], settings: ("Saga:Workers:CircuitFailures", "2"));
        var operations = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.SubmitAsync(EngineHost.Chain("one"))));

        // More often than the step has attempts.
        await Until.TrueAsync(async () => await registry.ScalarAsync<long>("select min(fence) from operation_steps where step = 'one'") > 6, "the steps are deferred");
        (await host.EndAsync(await host.SubmitAsync(EngineHost.Chain("other")))).ShouldBe(OperationState.Completed, "others do not wait for it");
        var health = host.Services.GetRequiredService<HealthCheckService>();
        var seen = (await health.CheckHealthAsync()).Entries["external-systems"];
        (seen.Status, seen.Description).ShouldBe((HealthStatus.Degraded, "Unavailable when last tried: keycloak."));
        var failed = await registry.ScalarAsync<long>("select count(*) from operation_history where event = 'stepFailed'");
        Volatile.Write(ref down, false);

        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);
        (await health.CheckHealthAsync()).Entries["external-systems"].Status.ShouldBe(HealthStatus.Healthy);
        failed.ShouldBe(0, "an outage costs no attempt");
    }
}
