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
/// Keycloak still works on a POST that the client gave up on, and finishes after the compensation has looked for an organisation and
/// found none.
/// </summary>
public sealed class When_a_call_takes_effect_after_the_compensation
{
    private const string Refused = "refused";

    [Fact]
    public async Task Should_remove_what_appears_before_it_says_compensated()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var stub = await KeycloakStub.StartAsync();
        await using var connection = new KeycloakConnection(stub, [("TimeoutSeconds", "2"), ("Retries", "0"), ("LingersForSeconds", "6")]);
        // The first calls are not delayed, so that the call without an answer is the POST.
        await using (var patient = new KeycloakConnection(stub, [("TimeoutSeconds", "60")]))
            await patient.Directory.FindUserAsync("nobody@acme.example", CancellationToken.None);
        await connection.Directory.FindUserAsync("nobody@acme.example", CancellationToken.None);
        var late = new TaskCompletionSource();
        stub.Arm("POST", "organizations", new KeycloakFault { Until = late.Task }, times: int.MaxValue);
        var refuse = new TaskCompletionSource();
        var refused = new ScriptedStep(Refused)
        {
            OnExecute = async (_, cancellationToken) =>
            {
                await refuse.Task.WaitAsync(cancellationToken);
                throw StepFailureException.Permanent("quota-full", "The quota is full.");
            },
        };
        await using var host = await EngineHost.StartAsync(
            registry, null, [new IdentityStep(connection.Directory, new LeasedTransactions(registry, new RegistryClock()), new(registry)), refused], settings: ("Saga:Workers:CircuitFailures", "100"));
        var operation = await host.SubmitAsync(EngineHost.Chain(StepNames.Identity, Refused).Each(s => s with { After = [] }));

        // On a slow machine another call may be given up on before.
        await Until.TrueAsync(() => Task.FromResult(stub.Held > 0), "Keycloak is at it", TimeSpan.FromMinutes(1));
        await LineAsync("stepDeferred:" + StepNames.Identity);
        refuse.SetResult();
        await LineAsync("compensationAgain:" + StepNames.Identity);
        late.SetResult();
        await Until.TrueAsync(() => Task.FromResult(stub.Calls.Any(c => c is { Method: "POST", Route: "organizations", Status: 201 })), "Keycloak makes the organisation");

        (await host.EndAsync(operation)).ShouldBe(OperationState.Compensated);
        stub.Organizations.ShouldBeEmpty();

        Task LineAsync(string line) => Until.TrueAsync(async () => (await host.HistoryAsync(operation)).Contains(line), line);
    }
}
