using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Engine.Workflows;
using Saga.Registry.Leases;
using Saga.Registry;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Tests.Support.Keycloak;
using Saga.Workers.Identity;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Identity;

/// <summary>
/// Keycloak fails right after successful calls, as when it is restarted under load. Attempts follow each other within milliseconds
/// here, so a limit on attempts would be used up before Keycloak is back.
/// </summary>
public sealed class When_Keycloak_is_away_for_a_while
{
    private const string Refused = "refused";

    [Fact]
    public async Task Should_end_every_operation_whether_it_goes_forward_or_back()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var world = await WorldOf.StartAsync(stub);
        // Each of these has its organisation when the outage begins, and must delete it during the outage.
        var refuse = new TaskCompletionSource();
        world.Refusal = refuse.Task;
        var back = await world.SubmitAsync(3, StepNames.Identity, Refused);
        await Until.TrueAsync(() => Task.FromResult(stub.Organizations.Count == 3), "their organisations are there");
        (await world.EndsAsync(await world.SubmitAsync(3, StepNames.Identity))).ShouldAllBe(e => e == OperationState.Completed, "everything works right before the outage");
        stub.Arm("*", "*", new KeycloakFault { Status = 503 }, times: int.MaxValue);
        refuse.SetResult();
        var forward = await world.SubmitAsync(3, StepNames.Identity);

        await world.DeferredAsync([.. back, .. forward]);
        stub.Disarm();

        (await world.EndsAsync(forward)).ShouldAllBe(e => e == OperationState.Completed);
        (await world.EndsAsync(back)).ShouldAllBe(e => e == OperationState.Compensated);
        (await world.CountAsync("stepFailed", StepNames.Identity) + await world.CountAsync("compensationFailed", StepNames.Identity)).ShouldBe(0, "an outage costs no attempt");
        stub.Organizations.Count.ShouldBe(6);
    }

    [Fact]
    public async Task Should_open_the_circuit_when_answers_come_after_a_calls_time_limit()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var world = await WorldOf.StartAsync(stub, ("TimeoutSeconds", "0.2"), ("Retries", "0"));
        (await world.EndsAsync(await world.SubmitAsync(3, StepNames.Identity))).ShouldAllBe(e => e == OperationState.Completed);
        stub.Arm("*", "*", new KeycloakFault { Delay = TimeSpan.FromSeconds(1) }, times: int.MaxValue);

        var operations = await world.SubmitAsync(6, StepNames.Identity);
        await world.CircuitOpensAsync();
        await world.DeferredAsync(operations);
        stub.Disarm();

        (await world.EndsAsync(operations)).ShouldAllBe(e => e == OperationState.Completed);
    }

    [Fact]
    public async Task Should_open_the_circuit_when_calls_hang_until_the_attempts_end()
    {
        await using var stub = await KeycloakStub.StartAsync();
        await using var world = await WorldOf.StartAsync(stub, ("TimeoutSeconds", "100"), ("Retries", "0"));
        world.AttemptTimeout = TimeSpan.FromSeconds(2);
        stub.Arm("*", "*", new KeycloakFault { Until = Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken) }, times: int.MaxValue);

        var operations = await world.SubmitAsync(3, StepNames.Identity);
        await world.CircuitOpensAsync();
        stub.Disarm();

        (await world.EndsAsync(operations)).ShouldAllBe(e => e == OperationState.Completed);
    }

    /// <summary>An orchestrator and a worker with the identity step on the stub, and a step that fails when the test says so.</summary>
    private sealed class WorldOf : IAsyncDisposable
    {
        private readonly KeycloakConnection connection;
        private readonly NpgsqlDataSource registry;
        private readonly EngineHost host;

        private WorldOf(KeycloakConnection connection, NpgsqlDataSource registry, EngineHost host) => (this.connection, this.registry, this.host) = (connection, registry, host);

        public Task Refusal { get; set; } = Task.CompletedTask;

        public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(30);

        public static async Task<WorldOf> StartAsync(KeycloakStub stub, params (string Key, string Value)[] keycloak)
        {
            var database = await PostgresServer.NewRegistryAsync();
            var directory = new KeycloakConnection(stub, keycloak);
            WorldOf? world = null;
            var refused = new ScriptedStep(Refused)
            {
                OnExecute = async (_, cancellationToken) =>
                {
                    await world!.Refusal.WaitAsync(cancellationToken);
                    throw StepFailureException.Permanent("quota-full", "The quota is full.");
                },
            };
            var engine = await EngineHost.StartAsync(
                database, null, [new IdentityStep(directory.Directory, new LeasedTransactions(database, new RegistryClock()), new(database)), refused], settings: ("Saga:Workers:CircuitFailures", "3"));
            return world = new WorldOf(directory, database, engine);
        }

        public Task<Guid[]> SubmitAsync(int operations, params string[] steps) => Task.WhenAll(Enumerable.Range(0, operations).Select(_ => host.SubmitAsync(
            EngineHost.Chain(steps).Each(s => s with { Backoff = TimeSpan.FromMilliseconds(5), BackoffLimit = TimeSpan.FromMilliseconds(5), AttemptTimeout = AttemptTimeout }))));

        public async Task<OperationState[]> EndsAsync(Guid[] operations) => await Task.WhenAll(operations.Select(o => host.EndAsync(o, TimeSpan.FromSeconds(90))));

        public Task CircuitOpensAsync() => Until.TrueAsync(
            async () => (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["external-systems"].Description == "Unavailable when last tried: keycloak.",
            "the circuit opens");

        /// <summary>Waits until Keycloak's outage has deferred each of them at least once.</summary>
        public Task DeferredAsync(Guid[] operations) => Until.TrueAsync(
            async () => await registry.ScalarAsync<long>(
                "select count(distinct operation_id) from operation_history where event in ('stepDeferred', 'compensationDeferred') and operation_id = any(@operations)",
                new { operations }) == operations.Length,
            "each is deferred");

        public Task<long> CountAsync(string line, string step) =>
            registry.ScalarAsync<long>("select count(*) from operation_history where event = @line and step = @step", new { line, step });

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await connection.DisposeAsync();
            await registry.DisposeAsync();
        }
    }
}
