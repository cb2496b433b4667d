using System.Text.Json;
using Saga.Contracts.Steps;
using Saga.Registry.Operations;

namespace Saga.Tests.Support.InMemory;

internal sealed class InMemoryStepInputs(InMemoryRegistry registry) : IStepInputStore
{
    public Task<StepInputs> ReadAsync(Guid operation, IReadOnlyList<string> needs, bool command, CancellationToken cancellationToken)
    {
        if (needs.Count == 0 && !command)
            return Task.FromResult(StepInputs.None);
        lock (registry.Gate)
        {
            var outputs = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var step in needs.SelectMany(StepAliases.Spellings))
            {
                if (registry.Steps.TryGetValue((operation, step), out var row) && row.Step.Output is { } output)
                    outputs[StepAliases.Current(step)] = output;
            }

            return Task.FromResult(new StepInputs
            {
                Asked = needs,
                Command = command && registry.Operations.GetValueOrDefault(operation)?.Input is { } input ? JsonElement.Parse(input) : null,
                Outputs = outputs,
            });
        }
    }

    public Task<PlannedStep?> FindAsync(Guid operation, string step, CancellationToken cancellationToken)
    {
        lock (registry.Gate)
        {
            return Task.FromResult(registry.Operations.GetValueOrDefault(operation) is { } row && row.Workflow.Steps.FirstOrDefault(s => s.Name == step) is { } found
                ? new PlannedStep(row.Workflow.Kind, row.CreatedAt, found)
                : null);
        }
    }
}
