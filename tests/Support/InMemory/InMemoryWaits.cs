using Saga.Engine.Operations;
using Saga.Engine.Waits;
using Saga.Registry.Waits;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryWaits(InMemoryRegistry registry) : IWaitStore
{
    public async Task<WaitMatch?> AnswerAsync(Guid operation, WaitRequest request, CancellationToken cancellationToken)
    {
        await registry.LockAsync([operation], cancellationToken);
        try
        {
            lock (registry.Gate)
            {
                if (!registry.Operations.TryGetValue(operation, out var row))
                    return null;
                if (row.Unreadable is { } reason)
                    return new WaitMatch.Unmatched(reason);
                var steps = StepRun.InOrder(row.Workflow, registry.Steps.Where(s => s.Key.Operation == operation).Select(s => s.Value.Load(registry.Idle)));
                var match = WaitRules.Match(row.Workflow, row.Stored.State, steps, request);
                if (match is WaitMatch.Found found)
                    Write(operation, row, found, request.Answer with { At = registry.Now });
                return match;
            }
        }
        finally
        {
            registry.Unlock([operation]);
        }
    }

    private void Write(Guid operation, OperationRow row, WaitMatch.Found found, WaitAnswer answer)
    {
        if (found.Awaiting && row.Stored is { State: OperationState.Running, Slot: not SlotState.Queued })
            row.Stored = row.Stored with { DueAt = row.Stored.DueAt < answer.At ? row.Stored.DueAt : answer.At };
        if (!registry.Steps.TryGetValue((operation, found.Step), out var step))
            registry.Steps[(operation, found.Step)] = step = new StepRow { Step = new StepRun { Name = found.Step } };
        step.Step = step.Step with { Answer = answer, DueAt = found.Awaiting ? answer.At : step.Step.DueAt };
        row.History.Add($"{HistoryEvents.WaitAnswered}:{found.Step}");
    }
}
