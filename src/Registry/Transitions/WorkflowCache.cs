using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using Saga.Contracts;
using Saga.Engine;
using Saga.Engine.Workflows;

namespace Saga.Registry.Transitions;

/// <summary>Workflows by digest. A digest identifies one content, so entries never become stale. Thread-safe.</summary>
/// <param name="level">The level of this process's engine.</param>
internal sealed class WorkflowCache(EngineLevel level)
{
    private readonly ConcurrentDictionary<string, WorkflowDefinition> workflows = new(StringComparer.Ordinal);

    /// <exception cref="FormatException">The workflow needs a higher level of the engine.</exception>
    public async ValueTask<WorkflowDefinition> FindAsync(NpgsqlConnection connection, string digest, CancellationToken cancellationToken)
    {
        if (workflows.TryGetValue(digest, out var known))
            return known;
        await using var command = new NpgsqlCommand("select definition from workflows where digest = $1", connection);
        command.Parameters.Add(new NpgsqlParameter { Value = digest });
        var text = (string?)await command.ExecuteScalarAsync(cancellationToken)
            ?? throw new InvalidOperationException($"Workflow {digest} is not in the registry.");
        ThrowIfTooNew(text);
        return workflows[digest] = JsonSerializer.Deserialize<WorkflowDefinition>(text, Json.Options)!;
    }

    // Checked before the full definition is read, because this version may not be able to read a newer version's additions.
    private void ThrowIfTooNew(string text)
    {
        var needed = JsonSerializer.Deserialize<Needs>(text, Json.Options)!;
        if (needed.EngineLevel > level.Value)
            throw new FormatException($"Workflow '{needed.Kind}' version {needed.Version} needs engine level {needed.EngineLevel}; this orchestrator has level {level.Value}.");
    }

    private sealed record Needs(string Kind, int Version, int EngineLevel = EngineLevel.First);
}
