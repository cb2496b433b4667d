using Npgsql;
using Saga.Engine.Operations;
using Saga.Registry.Operations;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Registry;

public sealed class When_scopes_are_taken
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_name_the_operation_that_has_one()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var (first, second) = (await OperationAsync(registry), await OperationAsync(registry));
        (await TakeAsync(registry, first, "server:eu-1", "tenant:a")).ShouldBeNull();

        var holder = await TakeAsync(registry, second, "tenant:a", "tenant:b");

        holder.ShouldBe(new ScopeHolder("tenant:a", first, "test"));
        (await registry.ScalarAsync<long>("select count(*) from operation_scopes where operation_id = @second", new { second })).ShouldBe(1, "its own tenant's, and none of the two");
        (await TakeAsync(registry, first, "server:eu-1", "tenant:a")).ShouldBeNull("they are its own");
    }

    [Fact]
    public async Task Should_have_one_winner_and_no_deadlock_in_any_order()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        for (var round = 0; round < 20; round++)
        {
            var operations = new List<Guid>();
            for (var i = 0; i < 4; i++)
                operations.Add(await OperationAsync(registry));
            var (a, b) = ($"tenant:{round}-a", $"tenant:{round}-b");

            var holders = await Task.WhenAll(operations.Select((o, i) => Task.Run(() => i % 2 == 0 ? TakeAsync(registry, o, a, b) : TakeAsync(registry, o, b, a))));

            var winner = operations[Array.FindIndex(holders, h => h is null)];
            holders.Count(h => h is null).ShouldBe(1);
            holders.OfType<ScopeHolder>().ShouldAllBe(h => h.OperationId == winner);
        }
    }

    [Theory]
    [InlineData(OperationState.Completed)]
    [InlineData(OperationState.Compensated)]
    public async Task Should_be_given_back_by_the_transition_that_ends_the_operation(OperationState end)
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(
            registry, null, [new ScriptedStep("one"), new ScriptedStep("two") { OnExecute = (_, _) => end == OperationState.Completed ? Task.CompletedTask : throw Permanent() }]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two"));

        (await host.EndAsync(operation)).ShouldBe(end);

        (await registry.ScalarAsync<long>("select count(*) from operation_scopes")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_kept_by_an_operation_that_stalls()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        await using var host = await EngineHost.StartAsync(
            registry, null, [new ScriptedStep("one") { OnCompensate = (_, _) => throw Permanent() }, new ScriptedStep("two") { OnExecute = (_, _) => throw Permanent() }]);
        var operation = await host.SubmitAsync(EngineHost.Chain("one", "two"));

        (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled);

        (await registry.ScalarAsync<Guid>("select operation_id from operation_scopes")).ShouldBe(operation);
    }

    [Fact]
    public async Task Should_let_an_operation_run_that_works_on_no_single_tenant()
    {
        await using var registry = await PostgresServer.NewRegistryAsync();
        var had = new TaskCompletionSource<bool>();
        await using var host = await EngineHost.StartAsync(registry, null, [new Fleet(had)]);
        var operation = await EngineHost.SubmitAsync(registry, EngineHost.Chain("fleet"), ofTenant: false);

        (await host.EndAsync(operation)).ShouldBe(OperationState.Completed);

        (await had.Task).ShouldBeFalse();
        var found = (await new OperationStore(registry).FindAsync(operation, Cancellation))!;
        (found.TenantId, found.TenantSlug, found.Priority, found.ParentId).ShouldBe((null, null, OperationPriority.Interactive, null));
    }

    private static StepFailureException Permanent() => StepFailureException.Permanent("told-to-fail", "The test wants it so.");

    // It holds the scope of a tenant that nobody else requests.
    private static Task<Guid> OperationAsync(NpgsqlDataSource registry) => EngineHost.SubmitAsync(registry, EngineHost.Chain("one"));

    private static async Task<ScopeHolder?> TakeAsync(NpgsqlDataSource registry, Guid operation, params string[] scopes)
    {
        await using var connection = await registry.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var holder = await OperationScopes.TakeAsync(transaction, operation, scopes, Cancellation);
        if (holder is null)
            await transaction.CommitAsync(Cancellation);
        return holder;
    }

    private sealed class Fleet(TaskCompletionSource<bool> had) : IStep
    {
        public string Name => "fleet";

        public Task<object?> ExecuteAsync(StepContext context, CancellationToken cancellationToken)
        {
            had.TrySetResult(context.HasTenant);
            return Task.FromResult<object?>(null);
        }

        public Task CompensateAsync(StepContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
