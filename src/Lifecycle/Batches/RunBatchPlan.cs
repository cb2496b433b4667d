using Npgsql;
using Saga.Contracts;
using Saga.Contracts.Commands;
using Saga.Engine.Workflows;
using Saga.Lifecycle.Intake;
using Saga.Registry.Audit;
using Saga.Registry.Batches;
using Saga.Registry.Tenants;

namespace Saga.Lifecycle.Batches;

/// <summary>The order to run a batch that was prepared. Its items hold their own scopes, and it holds none.</summary>
public sealed class RunBatchPlan(BatchStore batches) : ICommandPlan<RunBatch, RunBatch>
{
    public static string Kind => RunBatchWorkflow.Kind;

    public static string Queue => Endpoints.Batches;

    public static IReadOnlyList<WorkflowDefinition> Workflows { get; } = [RunBatchWorkflow.Definition];

    public string AuditAction => AuditActions.BatchRun;

    public ValueTask<Checked<RunBatch>> CheckAsync(RunBatch command, CancellationToken cancellationToken) => ValueTask.FromResult<Checked<RunBatch>>(
        command.BatchId == Guid.Empty ? new(null, [new("/batchId", "must be the id of a batch that was prepared")]) : new(command, []));

    public CommandSubject Subject(RunBatch input) => new CommandSubject.NoTenant();

    public IReadOnlyCollection<string> Scopes(RunBatch input, BegunOperation operation) => [];

    public bool NeedsSlot(RunBatch input) => false;

    public WorkflowDefinition Plan(RunBatch input, Tenant? tenant) => RunBatchWorkflow.Definition;

    public IReadOnlyList<string> Words(RunBatch input, Tenant? tenant) =>
        [$"The items of the batch {input.BatchId} are ordered, wave by wave. What has begun goes on, whatever happens to the batch."];

    public IEnumerable<NpgsqlBatchCommand> Effects(RunBatch input, BegunOperation operation) =>
        [BatchStore.RunCommand(input.BatchId, operation.Id, operation.Caller, input.AsOperator ?? false, operation.At)];

    public object AuditDetail(RunBatch input) => new { batch = input.BatchId };

    public async Task<OperationRejected?> FindConflictAsync(RunBatch input, CancellationToken cancellationToken) => await batches.FindAsync(input.BatchId, cancellationToken) switch
    {
        null => new() { Code = RejectionCodes.BatchNotFound, Detail = $"No batch has the id {input.BatchId}. One that nobody ran is deleted after a day." },
        { State: BatchState.Prepared } batch when batch.ExpiresAt > await batches.NowAsync(cancellationToken) => null,
        { State: BatchState.Prepared } => new() { Code = RejectionCodes.BatchState, Detail = "The batch was prepared too long ago. Prepare it again." },
        var batch => new()
        {
            Code = RejectionCodes.BatchState,
            Detail = $"The batch is {batch.State.ToString().ToLowerInvariant()}. A batch runs once.",
            OperationId = batch.OperationId,
        },
    };
}
