using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saga.Contracts.Batches;
using Saga.Contracts.Commands;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Saga.Engine.Operations;
using Saga.Lifecycle.Batches;
using Saga.Lifecycle.Intake;
using Saga.Registry.Batches;
using Saga.Tests.Integration.Engine;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Batches;

/// <summary>Operations that stall until they are mended, and batches of orders for them.</summary>
public abstract class BatchTest : IAsyncLifetime
{
    private static readonly Caller Ada = Caller.OfToken("ada", isAdministrator: true);

    protected NpgsqlDataSource Registry { get; private set; } = null!;

    /// <summary>Whether the step succeeds.</summary>
    protected bool Mended { get; set; }

    public async ValueTask InitializeAsync() => Registry = await PostgresServer.NewRegistryAsync();

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected Task<EngineHost> StartAsync(string? rabbit = null, bool works = true) => EngineHost.StartAsync(Registry, rabbit, works ? [new ScriptedStep("one"), Failing()] : []);

    /// <summary>Operations that are stalled after their pivot.</summary>
    protected static async Task<Guid[]> StalledAsync(EngineHost host, int count)
    {
        var operations = new List<Guid>();
        for (var i = 0; i < count; i++)
            operations.Add(await host.SubmitAsync(EngineHost.Chain("one", "fails").Each(s => s.Name == "one" ? s with { Kind = Saga.Engine.Workflows.StepKind.Pivot } : s with { Kind = Saga.Engine.Workflows.StepKind.Retriable })));
        foreach (var operation in operations)
            (await host.EndAsync(operation)).ShouldBe(OperationState.Stalled);
        return [.. operations];
    }

    protected static async Task<Guid> PrepareAsync(EngineHost host, PrepareReplays request) =>
        (await host.Services.GetRequiredService<BatchPreparation>().PrepareAsync(request, Ada, null, TestContext.Current.CancellationToken)).ShouldBeOfType<BatchPrepared.As>().Id;

    protected static PrepareReplays OfStalled(int first = 1, decimal ratio = 0.2m, int? rate = null) => new()
    {
        Filter = new() { Code = "broken", Step = "fails" }, Wave = new() { First = first }, StopAtFailureRatio = ratio, RatePerMinute = rate, Reason = "It is mended.",
    };

    /// <returns>The operation that stands for the batch.</returns>
    protected static async Task<Guid> RunAsync(EngineHost host, Guid batch) =>
        (await host.Services.GetRequiredService<ICommandIntake<RunBatch>>().SubmitAsync(new() { BatchId = batch }, Ada, TestContext.Current.CancellationToken)).ShouldBeOfType<CommandAccepted>().OperationId;

    protected static Task<string?> OrderAsync(EngineHost host, Guid batch, BatchOrder order) =>
        Store(host).OrderAsync(batch, order, "ada", "Because.", TestContext.Current.CancellationToken);

    protected static async Task<Batch> UntilAsync(EngineHost host, Guid batch, BatchState state)
    {
        Batch? found = null;
        await Until.TrueAsync(async () => (found = await Store(host).FindAsync(batch, TestContext.Current.CancellationToken))!.State == state, $"the batch is {state}", TimeSpan.FromMinutes(1));
        return found!;
    }

    protected static BatchStore Store(EngineHost host) => host.Services.GetRequiredService<BatchStore>();

    protected static string Counts(Batch batch) => string.Join(", ", batch.Counts.OrderBy(c => c.Key).Select(c => $"{c.Value} {c.Key}"));

    private ScriptedStep Failing() => new("fails")
    {
        OnExecute = (_, _) => Mended ? Task.CompletedTask : throw new StepFailureException(new Failure { Code = "broken", Message = "It is broken.", Kind = FailureKind.Permanent }),
    };
}
