using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Engine.Workflows;

namespace Saga.Registry.Transitions;

/// <summary>Workflows by digest. A digest names one content, so nothing here ever grows old. Thread-safe.</summary>
internal sealed class WorkflowCache
{
    private readonly ConcurrentDictionary<string, WorkflowDefinition> workflows = new(StringComparer.Ordinal);

    public async ValueTask<WorkflowDefinition> FindAsync(NpgsqlConnection connection, string digest, CancellationToken cancellationToken)
    {
        if (workflows.TryGetValue(digest, out var known))
            return known;
        await using var command = new NpgsqlCommand("select definition from workflows where digest = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = digest });
        var text = (string?)await command.ExecuteScalarAsync(cancellationToken)
            ?? throw new InvalidOperationException($"Workflow {digest} is not in the registry.");
        return workflows[digest] = JsonSerializer.Deserialize<WorkflowDefinition>(text, Json.Options)!;
    }
}
