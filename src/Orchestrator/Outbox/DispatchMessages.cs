using Saga.Contracts;
using Saga.Contracts.Steps;
using Saga.Engine.Decisions;
using Saga.Engine.Operations;
using Saga.Orchestrator.Machine;
using Saga.Registry.Outbox;

namespace Saga.Orchestrator.Outbox;

/// <summary>The message of a dispatch.</summary>
internal static class DispatchMessages
{
    public static OutboxMessage For(OperationSaga saga, Dispatch dispatch)
    {
        StepCommand command = dispatch.Direction == Direction.Forward
            ? new ExecuteStep
            {
                OperationId = saga.CorrelationId,
                TenantId = saga.TenantId,
                Step = dispatch.Step,
                Fence = dispatch.Fence,
                Attempt = dispatch.Attempt,
                Deadline = dispatch.Deadline,
                AttemptTimeout = dispatch.AttemptTimeout,
                StallAfter = dispatch.StallAfter,
            }
            : new CompensateStep
            {
                OperationId = saga.CorrelationId,
                TenantId = saga.TenantId,
                Step = dispatch.Step,
                Fence = dispatch.Fence,
                Attempt = dispatch.Attempt,
                Deadline = dispatch.Deadline,
                AttemptTimeout = dispatch.AttemptTimeout,
                StallAfter = dispatch.StallAfter,
            };
        return new OutboxMessage(Guid.CreateVersion7(), dispatch.Direction == Direction.Forward ? Endpoints.Worker(dispatch.Worker) : Endpoints.WorkerUndo(dispatch.Worker), command, TraceContext.Current);
    }
}
